"""Articles, pronouns, prepositions, conjunctions, particles and auxiliaries of languages that share a script.

Character statistics alone confuse short sentences ("I miss you." looks French); the little words that hold a
sentence together do not. The lists are closed word classes as grammars list them; no corpus was counted to
make them. A word before an apostrophe keeps it (``j'``, ``don'``). Besides ours there are the neighbours that
are most alike, so that an Italian or Dutch text is not taken for Spanish or German.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "en": _words(
        """a an the i you he she it we they me him her us them my your his its our their this that
        these those who whom whose which what where when why how and or but if because than as of at
        by for with about into through from to in on off over under again not no nor is are am was
        were be been being have has had do does did will would can could should may might must there
        here i' you' he' she' it' we' they' that' what' don' doesn' didn' isn' aren' wasn' weren'
        won' wouldn' can' couldn' shouldn' haven' hasn' hadn' ain' let' please yes"""
    ),
    "es": _words(
        """el la los las un una unos unas lo yo tú tu él ella usted nosotros vosotros ellos ellas
        ustedes me te se nos os le les mi mis tus su sus nuestro nuestra este esta esto estos estas
        ese esa eso aquel aquella que qué quien quién cuál cuando cuándo donde dónde como cómo
        cuánto por para con sin sobre entre desde hasta hacia de del al a en y e o u ni pero sino
        porque si sí no muy más menos ya también es soy eres son somos era fue ser está estoy estás
        están estaba estar ha he has han había hay mucho nada algo alguien nadie"""
    ),
    "fr": _words(
        """le la les un une des du de au aux je tu il elle on nous vous ils elles me te se moi toi
        lui leur leurs y en mon ma mes ton ta tes son sa ses notre nos votre vos ce cet cette ces
        cela ça qui que quoi dont où quand comment pourquoi quel quelle et ou mais donc or ni car si
        ne pas plus jamais rien très à dans par pour sans sous sur avec chez entre vers est suis es
        sommes êtes sont était été être ai as a avons avez ont avait avoir fait faire j' l' d' c' n'
        s' m' t' qu' jusqu' lorsqu' aujourd'"""
    ),
    "de": _words(
        """der die das den dem des ein eine einen einem einer eines kein keine keinen ich du er sie
        es wir ihr mich dich ihn uns euch mir dir ihm ihnen sich mein meine dein deine sein seine
        ihre unser unsere dieser diese dieses wer was wen wem wo wann wie warum welche und oder aber
        denn weil dass daß wenn als ob nicht noch nur auch schon sehr hier da in im an am auf aus
        bei beim mit nach von vom zu zum zur für über unter vor durch um bin bist ist sind seid war
        waren habe hast hat haben hatte wird werden wurde kann muss will ja nein man"""
    ),
    "tr": _words(
        """ben sen o biz siz onlar bana sana ona bize size onlara beni seni onu bizi sizi onları
        benim senin onun bizim sizin onların bu şu bunu şunu bunun kim ne neden niçin nasıl nerede
        nereye hangi kaç bir ve veya ya ama fakat çünkü eğer ki de da mi mı mu mü ile için gibi
        kadar göre sonra önce çok daha en az hiç her bazı değil var yok evet hayır olarak olan idi
        ise artık hâlâ şimdi"""
    ),
    "sw": _words(
        """mimi wewe yeye sisi ninyi nyinyi wao ya wa za la cha vya kwa na ni si kuwa katika kama
        lakini au kwamba ili pia sana tu bila hii hiki hizi hili haya huyu hawa hao yule wale hiyo
        hizo hicho ile yake yangu yako yetu yao wake wangu wako wetu zake zangu lake langu nani nini
        wapi lini gani vipi kila yote wote zote hapa pale huko ndiyo hapana bado kabla baada ndani
        nje juu chini mtu watu"""
    ),
    "vi": _words(
        """tôi bạn anh chị em ông bà nó chúng họ ta mình của và là không có được các những một cái
        con này đó kia ấy đã đang sẽ rất cũng với cho trong ngoài trên dưới từ đến ở tại khi nếu thì
        mà nhưng vì nên như hay hoặc gì ai đâu sao nào bao bị phải muốn người"""
    ),
    "it": _words(
        """il lo la gli le un uno una i di del della dei delle a al alla da dal dalla in nel nella
        su sul sulla con per tra fra che chi cui non è sono sei siamo era ho hai ha abbiamo hanno io
        tu lui lei noi voi loro mi ti si ci vi mio mia tuo suo questo questa quello quella e ed o ma
        se perché come quando dove più molto anche l' c' un' dell' all' nell' dall' sull'"""
    ),
    "pt": _words(
        """o a os as um uma uns umas do da dos das no na nos nas ao à em de por para com sem que
        quem não é são sou era foi ser está estou estão ter tem tenho eu tu ele ela nós eles elas
        você vocês me te se lhe meu minha seu sua este esta isso isto esse aquele e ou mas porque
        como quando onde muito mais também já pelo pela"""
    ),
    "ca": _words(
        """el la els les un una uns unes de del dels al als en amb per que no és són sóc soc era jo
        tu ell ella nosaltres vosaltres ells em et es ens us hi ho li meu meva seu seva aquest
        aquesta això i o però perquè com quan on molt més també l' d' s' n' m' t'"""
    ),
    "nl": _words(
        """de het een en van in op aan met voor door over bij naar uit om te dat die dit deze ik jij
        je hij zij ze wij we jullie u mij me hem haar ons hun mijn jouw zijn niet geen ook nog wel
        maar of want als dan wat wie waar wanneer hoe is ben bent was waren heb hebt heeft hebben
        had wordt worden kan moet wil er"""
    ),
    "id": _words(
        """yang dan di ke dari untuk pada dengan ini itu adalah tidak bukan saya aku kamu anda dia
        kami kita mereka akan telah sudah sedang juga atau tetapi tapi karena jika kalau dalam oleh
        seperti lebih ada apa siapa mana kapan bagaimana mengapa bisa dapat harus orang"""
    ),
    "ro": _words(
        """și un o de la în cu pe din pentru nu este e sunt ești era am ai are avem au eu tu el ea
        noi voi ei mă te se îl îi ce care cine unde când cum mai foarte dar sau că să ca al a ale
        lui lor acest această"""
    ),
    "ru": _words(
        """я ты он она оно мы вы они меня тебя его её ее нас вас их мне тебе ему ей нам вам им мной
        тобой ним ней мой моя моё мои твой твоя свой свою свои наш ваш это этот эта эти тот та те то
        кто что чего чем чему кого где когда куда откуда почему зачем как какой и а но или если
        чтобы потому хотя не ни да нет ли бы же в во на с со к ко у о об от до из за по под над при
        про для без через был была было были есть быть будет буду может могут могу можешь можно надо
        нужно уже ещё еще очень тоже только там тут здесь все всё"""
    ),
    "bg": _words(
        """аз ти той тя то ние вие те мен теб него нея нас вас тях ме го я ни ви ги ми му ѝ им си се
        мой моя моето мои твой своя неговата нейната този тази това тези онзи онова кой коя кое кои
        какво къде кога защо как колко и а но или ако че защото да не ли ще бих би в във на с със
        към у от до из за по под над при без през след съм е сме сте са бях беше бяха бъде имам има
        няма нямам мога може можеш можем могат трябва искам щеше щях вече още много също само там
        тук всички всичко който която което които някой нещо никой нищо"""
    ),
    "uk": _words(
        """я ти він вона воно ми ви вони мене тебе його її нас вас їх мені тобі йому їй нам вам їм
        мій моя це цей ця ці той та те хто що де коли куди чому як який і й а але або якщо щоб тому
        не ні так чи би ж в у на з із зі до від за по під над при про для без через був була було
        були є бути буде може можна треба вже ще дуже теж тільки там тут"""
    ),
    "mk": _words(
        """јас ти тој таа тоа ние вие тие мене тебе него неа нас вас нив ме те го ја нè ве ги ми му
        ѝ им си се мој моја овој оваа ова овие кој која кое кои што каде кога зошто како колку и а
        но или ако дека затоа да не ли ќе би во на со кон од до за по под над при без преку сум е
        сме сте бев беше имам има нема може можам треба веќе уште многу"""
    ),
    "hi": _words(
        """मैं तू तुम आप वह वे यह ये हम मुझे मुझको तुम्हें आपको उसे उन्हें हमें इसे मेरा मेरी मेरे
        तुम्हारा तुम्हारी आपका आपकी आपके उसका उसकी उसके उनका उनकी उनके हमारा हमारी हमारे अपना अपनी
        अपने का की के को से में पर ने तक और या लेकिन मगर कि जो तो भी ही नहीं न मत क्या क्यों कैसे कब
        कहाँ कहां कौन कितना कितने है हैं हूँ हूं हो था थी थे थीं रहा रही रहे गया गई गए होगा होगी
        सकता सकती सकते चाहिए कुछ कोई सब बहुत एक इस उस इन उन लिए साथ बाद पहले यहाँ वहाँ जब तब अगर"""
    ),
    "mr": _words(
        """मी तू तुम्ही आपण तो ती ते आम्ही मला तुला त्याला तिला आम्हाला माझा माझी माझे तुझा तुझी
        त्याचा त्याची त्याचे तिचा आमचा आणि किंवा पण की जे तर नाही काय का कसे कधी कुठे कोण किती आहे
        आहेत आहेस होता होती होते होईल हा ही हे या त्या एक काही सर्व खूप फार साठी मध्ये वर"""
    ),
    "ne": _words(
        """म तँ तिमी तपाईं ऊ उनी हामी मलाई तिमीलाई उसलाई हामीलाई मेरो तिम्रो तपाईंको उसको हाम्रो को
        का की ले लाई मा बाट र वा तर कि जो पनि नै होइन के किन कसरी कहिले कहाँ कुन कति छ छन् छु छौ हो
        हुन् थियो थिए भयो यो त्यो यी ती एक धेरै सबै"""
    ),
}
"""Language code -> its function words, lower case."""

ROMAN_HINDUSTANI = _words(
    """hai hain hein hy hoon hun hu ho tha thi thay thee thin hua hui huwa hota hoti hote raha rahi
    rahe rahay gaya gayi gaye kiya kya kyun kyon kyunke kyunki kaise kaisay kab kahan kahaan yahan
    yahaan wahan wahaan vahan jahan kaun kon kaunsa ka ki ke kay kai ko se sey mein main mai mujhe
    mujhay mera meri mere merey hum humein humen hamara hamari hamare tum tumhara tumhari tumhare
    tumhein aap aapka aapki aapke apna apni apne apnay woh wo vah veh voh yeh ye yah us uska uski
    uske uskay usne usse usko unka unki unke unhon unhone unhein unhen is iska iski iske isne isko
    inka inki inke aur lekin magar agar phir toh bhi nahi nahin nahee nahein na mat jo jis jiska
    jiski jiske jab tab tak par pe liye liyay lekar saath sath bad baad pehle pehlay pahle sirf
    bahut bohat bohot kuch kuchh koi sab sakta sakti sakte chahiye karna karte karta karti kar karke
    kia diya jata jati jate wala wali wale walay"""
)
"""Hindi and Urdu are one spoken language; in Latin letters they share these words in many spellings."""
