"""The page. Everything here may know Gradio; nothing below this package does."""
