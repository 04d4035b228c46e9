"""What a user states of the work, in a short message after the agent spoke: that it is not as it ought to be.

No word of these rejects anything by itself: `the table is empty` is a complaint only where somebody answers what was
done. So they are asked last, of short sentences that neither ask nor order. In lower case, by script.
"""

from memlog.query.facts.cues import any_of

_THING = r"(?:(?:and|but|so|now|also|hm+|ok(?:ay)?|well|yeah|yes|no|sorry|unfortunately)[,.]? )*(?:it|this|that|they|these|those|there|everything|nothing|the \S+(?: \S+){0,5}?|(?:your|my|our|all|both|some|half|most|one|two|each|every)\b(?: \S+){0,4}?|\w+ing \S+(?: \S+){0,2}?)"
_ILL = (
    r"(?:empty|blank|broken|gone|missing|off|red|wrong|failing|stuck|frozen|duplicated?|hidden|invisible|misaligned|unreadable|slow|slower|ugly|weird|odd|worse|worst|"
    r"outdated|obsolete|stale|useless|redundant|unnecessary|pointless|unrelated|irrelevant|incomplete|unused|inconsistent|messy|cluttered|crowded|confusing|misleading|"
    r"untested|flaky|down|dead|a lie|false|nonsense|out of scope|unacceptable|not (?:there|here|done|even|ok(?:ay)?|fine|part|what|how|where|who|why|it|one|an?|the|in|on|for|my|our|true))"
)
_ENGLISH = (
    rf"^{_THING}(?:'s|'re| is| are| was| were| looks?| seems?| feels?| sounds?| comes out| came out| stays?| remains?| renders?| went| goes)(?: \w+){{0,2}}? {_ILL}\b",
    rf"^{_THING} (?:isn't|aren't|wasn't|weren't) (?!it\b|there\b|that\b)\S+|\bbut\b.*\b(?:is|are|was|were) (?:\w+ )?{_ILL}\b|^(?:\S+ ){{1,3}}?(?:is|are) (?:still |now |all )?(?:failing|broken|red|empty|missing|blank|gone|wrong|stuck|down)\b|\bthat's the (?:old|wrong|same|opposite)\b|\b(?:don't|doesn't) add up\b|^(?:seems?|looks?|sounds?|feels?) (?:like|as if|to)\b",
    r"\b(?:i|we) (?:now |still |just |only |keep |also )*(?:get|got|getting|see|saw|seeing|have|had) (?:\S+ ){0,4}?(?:errors?|exceptions?|warnings?|crash\w*|failures?|[45]\d\d|conflicts?|no \w+|nothing|timeouts?|blank|garbage)\b",
    r"\bno (?:change|difference|effect|luck|longer|success|reaction|output|result)s?\b|\bnothing (?:changed|happens?|happened|works?|shows?|appears?|is)\b|\bdo(?:es)? nothing\b",
    r"\b(?:now|again|still|always|constantly|randomly)\b.*\b(?:errors?|fails?|failing|failed|breaks?|broken|crash\w*|twice|wrong|[45]\d\d|hangs?|times? out)\b|\b(?:fails?|breaks?|failing|crashes) (?:now|again|still|locally|in ci|on ci)\b",
    rf"^{_THING} (?:\w+ ){{0,2}}?(?:is|are|keeps?|was|were|started?) (?:\w+ ){{0,1}}?(?:failing|breaking|crashing|hanging|flickering|overlapping|overflowing|duplicating|repeating|ignoring|losing|throwing|timing out|leaking|blocking|(?:rendering|showing|running|firing|loading) twice)\b",
    rf"^{_THING} (?:\w+ ){{0,1}}?(?:overlaps?|overflows?|flickers?|sticks|hides|opens (?:behind|in)|wraps|shrinks|stretches|404s|500s|crashed|hangs|freezes|disappears|vanishes|repeats|duplicates|ignores|loses|forgets|drops|breaks|broke|fails|failed|misses|lacks|contradicts|violates|clashes|collides|blocks|leaks|"
    r"takes (?:forever|too|ages|way|a long)|no longer|points? (?:to )?(?:the )?wrong|makes? (?:it|things|that|this) worse|says? otherwise|never \w+s)\b",
    r"^(?:\w+[,.]? ){0,3}?(?:it|this|that|they|he|there|the \S+(?: \S+){0,3}|i|we|you)\b(?!.*\b(?:should|must|needs?|please|let's|want|prefer|could|would)\b).*\b(?:instead of|rather than|twice)\b",
    r"(?:^|\b(?:is|are|was|were|it's|that's|they're|returns?|wanted|asked for|meant|said|uses?|called|not) )[^,;:]{1,60}, not (?:an? |the |in |on |to |my |your |for )?\S+",
    r"\byou (?:only|just|also|never|even|again|accidentally|now|simply|already|have|actually|somehow|always)? ?(?!mentioned|suggested|said|asked|proposed|offered|listed|described|recommended|showed|told|explained|provided|need|created|referenced|pointed|noted|shared|linked)(?:\w{3,}ed|made|wrote|put|left|broke|lost|took|did|ran|set|chose|misread|overwrote|went|cut|hid|built|threw|hardcoded)\b(?!.*\b(?:great|good|well|perfect|right|thanks)\b)",
    r"^(?:\w+,? ){0,2}?(?:did|have|do|are) you (?:even|actually|really|forget|forgotten|break|remove|delete|miss|skip|ignore|seriously|not|just)\b|\bwhy (?:is|are|was|were) (?:there|they all)\b|\bwhy (?:did|would|have|are) (?:you|it|this|that|they)\b(?! (?:recommend|suggest|think|prefer|propose))",
    r"\b(?:it|this|that|everything|they) (?:was|were|is|used to) (?:fine|ok(?:ay)?|better|good|working|work|correct|be)\b.*(?:\bbefore\b|$)|\bused to (?:work|be|show|pass)\b|\bbefore (?:your|that|this|the) (?:change|edit|fix|commit|refactor)",
    r"\bthere(?:'s| is| are| was| were) (?:really |just |literally |still |clearly )?(?:no|not|nothing|never)\b(?! (?:rush|hurry|problem|worries|pressure|doubt))|\b(?:we|it|they) (?:already|never|also already) \w+|\b(?:we|it|they) (?:have|has|do|does|had) (?:that |this |it |one )?already\b",
    r"\b(?:file|function|method|class|path|page|option|flag|command|table|column|branch|link|module|package|test|field|api|endpoint|it|that) (?:does not|doesn't|didn't|do not|don't) (?:even )?(?:exist|match|fit|say|show|work|have|do|add up|line up|help|cover|respect)\b",
    r"^(?:no[,.]? )?(?:wrong|not (?:that|this|these|those|quite|there|the)|neither)\b|\bthe wrong \w+|\bonly (?:one|two|half|some|part|a few|the first|\d+) (?:of|out of)\b|\b(?:half|some|most|none|all) of (?:it|them|the \w+|my \w+) (?:is|are|was|were|got|doesn't|don't|didn't|do not|does not)\b.*\b(?:\w*n't|not|gone|missing|wrong|broken|lost|red|empty|failing|unused|dead)\b",
    r"\bmade (?:it|that|this|them|things) (?:up|worse)\b|\b(?:don't|do not|didn't|never) (?:like|love|understand why|agree|buy|trust|see (?:any|the|it|that|a))\b|\bnot (?:happy|sure (?:that|this)|convinced|impressed|a fan)\b|\bdisagree\b|\b(?:terrible|horrible|awful|ridiculous|disappoint\w+|annoying|crappy|shit\w*)\b",
)
_OTHER_LATIN = (
    # German
    r"\b(?:jetzt|nun|plötzlich|wieder|immer noch|noch immer|trotzdem)\b.*\b(?:fehler\w*|[45]\d\der?|kaputt|leer|weg|rot|doppelt|nichts|falsch|nicht mehr|ab)\b",
    r"\b(?:ist|sind|war|bleibt|bleiben|wird|wirkt|sieht|sitzt|steht) (?:\w+ ){0,3}?(?:leer|kaputt|weg|rot|falsch|doppelt|verrutscht|verschoben|abgeschnitten|unlesbar|verschwunden|veraltet|langsam|hässlich|komisch|seltsam|unsinn|quatsch|unnötig|überflüssig|die alte|der alte|das alte|die falsche|der falsche|das falsche|zu \w+)\b",
    r"\bkeine? (?:änderung|wirkung|veränderung|reaktion|unterschied|ahnung warum)|\b(?:passt|passen|stimmt|stimmen|gefällt|gefallen|gehört|gemeint|gewollt|gefragt|verlangt|gebeten|nötig|richtig|korrekt)\b(?: \w+){0,3} nicht\b|\bnicht (?:so |das |mehr )?(?:gemeint|gewollt|verlangt|nötig|richtig|korrekt|gefragt|da|mehr|gut|schön|das,? was)\b|\bgibt es (?:gar |so |doch |hier )?(?:nicht|kein\w*)\b",
    r"\b(?:haben wir|gibt es|hatten wir|existiert) (?:doch )?(?:schon|bereits)\b|\bwir haben (?:dafür |doch )?(?:schon|bereits)\b",
    r"\bdu hast\b(?!.*\b(?:recht|gut|super|toll|vorgeschlagen|gesagt|geschrieben|erwähnt|genannt)\b)(?!.*\?$)|\bhast du\b.*\b(?:überhaupt|vergessen|wirklich|wieder|einfach|denn)\b|\b(?:hab|habe) ich nicht\b|\bich wollte\b",
    r", (?:kein\w*|nicht|sondern|und nicht) \w+|^nicht (?:die|der|das|den|so|hier|dort)\b|\b(?:vorher|früher|davor|gestern|zuvor|eben) (?:ging|war|hat|lief|funktionierte|klappte|stand)|\bso (?:funktioniert|geht|war|ist|sollte|läuft)\b.*\bnicht\b",
    r"\b(?:bricht|stürzt|hängt|friert|springt|flackert|überlappt|verschwindet|überschreibt|verdeckt|ruckelt|wirft|kracht) |\bdauert (?:ewig|zu lange|viel zu)|\bpassiert (?:gar )?nichts\b|\bins leere\b|\b(?:steht|zeigt|kommt|sehe|erscheint)\b.*\bstatt\b|\b(?:der|das|die) selbe|\bderselbe fehler|\bgleiche[rn]? fehler",
    # French
    r"^(?!.*\bsi\b)(?:ça|cela|tu|le|la|les|l'|mais|et|ton|ta|tes|maintenant|encore|toujours|il|elle)\b.*\b(?:cass[ée]\w*|plant\w+|manqu\w+|disparu\w*|vides?|rouges?|d[ée]cal[ée]\w*|coup[ée]e?s?|bugg[ée]\w*|erreurs?|[ée]chou\w+|faux|fausse|trop|en double|à l'envers|nulle part|lente?s?|illisible|moche)\b(?!.*\?$)",
    r"\b(?:je|on|il|elle|ça|ce|c'|tu|le|la|les|l'|nous|ils|rien|personne)\b ?.*\b(?:ne |n')\S+(?: \S+){0,3} (?:pas|plus|rien|aucune?|nulle part|jamais|qu'une?|que)\b(?!.*\b(?:sais|comprends|pense|crois|veux)\b)(?!.*\?$)|^rien (?:ne|n')",
    r"\b(?:avant|hier) (?:ça|c'[ée]tait|cela|tout) ?\w*|\bc'est (?:l'ancien\w*|la mauvaise|le mauvais|trop|encore|toujours|pas|n'importe quoi|l'inverse)|\btu (?:t'es|as|n'as)\b(?!.*\b(?:raison|dit|propos[ée]|sugg[ée]r[ée]|mentionn[ée])\b)(?!.*\?$)|\bon a d[ée]jà\b|, pas (?:une?|le|la|les|l'|de|des|du|dans|sur) ?\w+|^pas (?:celui|celle|ceux|ça|lui|le|la|l')|\bpourquoi (?:as-tu|tu|est-ce que|avoir)|\bm[êe]me (?:erreur|probl[èe]me|r[ée]sultat)",
    # Portuguese
    r"^(?!.*\bse\b)(?!.*\?$)(?:isso|agora|ainda|mas|e|o|a|os|as|metade|ele|ela|tudo|está|esta|ficou|tá)\b.*\b(?:sumi\w+|vazi[oa]s?|quebr\w+|vermelh\w+|cortad[oa]s?|tort[oa]s?|desalinhad\w+|duplicad\w+|lent[oa]s?|travad\w+|travou|erros?|feio|feia|errad[oa]s?|antig[oa]s?|demais|em branco|falh\w+|de novo)\b",
    r"\b(?:já (?:temos|tem|existe|havia)|n[ãa]o (?:mud\w+|gost\w+|era|é (?:assim|o|a|isso|um|uma)|existe|tem|lev\w+|aparec\w+|bat\w+|fic\w+ \w+|serv\w+|adiant\w+|resolv\w+|consig\w+ \w+|esse|essa|este|esta|deu|abriu|salv\w+|respond\w+|corresponde)|antes (?:funcion\w+|era|estava|tava|ia)|lugar nenhum|o mesmo (?:erro|problema))\b(?!.*\?$)",
    r"\bvoc[êe] (?:s[óo] |tamb[ée]m |n[ãa]o |j[áa] |ainda )*(?!(?:sugeriu|disse|mencionou|falou|prop[ôo]s|recomendou)\b)(?:\w{2,}(?:ou|eu|iu)|fez|p[ôo]s|est[áa] \w+ndo errado)\b(?!.*\b(?:bem|[óo]timo|certo)\b)(?!.*\?$)|, n[ãa]o (?:um|uma|o|a|os|as|em|no|na|de) \w+|\bpor ?que? (?:voc[êe]|vc) \w+ou\b|\beu queria\b.*, n[ãa]o\b",
    # Spanish
    r"^(?!.*\bsi\b)(?!.*\?$)(?:eso|esto|ahora|todav[íi]a|aún|pero|y|el|la|los|las|faltan?|todo|est[áa]n?|sigue\w*)\b.*\b(?:romp\w+|rot[oa]s?|vac[íi][oa]s?|rojos?|cortad[oa]s?|torcid[oa]s?|duplicad\w+|lent[oa]s?|err[oó]r(?:es)?|fe[oa]|mal|viej[oa]s?|antigu[oa]s?|demasiado|en blanco|fall\w+|otra vez|de nuevo|falta\w*|desaparec\w+|equivocad\w+)\b",
    r"^faltan? |\b(?:ya (?:tenemos|hay|existe)|no (?:cambi\w+|me gusta\w*|era|es (?:as[íi]|el|la|eso|un|una)|existe|hay|lleva|aparece\w*|coincide\w*|sirve|resuelve|abre|guarda|responde|se (?:ve|guarda|abre|muestra|actualiza)|veo|funciona\w*)|as[íi] no|antes (?:funcion\w+|era|estaba|iba)|ese no|esa no|el mismo (?:error|problema))\b(?!.*\?$)",
    r"^(?:pero |solo |s[óo]lo |y )*(?:te |se te |me )?(?:s[óo]lo )?(?:cambi|borr|elimin|olvid|equivoc|romp|modific|quit|pus|hic|dej)(?:aste|iste)\b|\bte (?:equivocaste|olvidaste|falt[óo])|, no (?:un|una|el|la|los|las|en|de) \w+|\bpor qu[ée] (?:\w+ )?\w+(?:aste|iste)\b",
)
ENGLISH = any_of(*_ENGLISH)
LATIN = any_of(*_ENGLISH, *_OTHER_LATIN)
RUSSIAN = any_of(
    r"(?:^|\b(?:теперь|опять|снова|всё ещё|все еще|там|тут|сейчас|у меня)\b).*\b(?:ошибк[аиу]|пуст(?:ая|ой|ое|ые|о)|красн\w+|сломан\w*|сломал\w*|крив\w+|[45]\d\d|бел(?:ый|ая) экран|не то\w?|падает|дважды|два раза|зависа\w+)\b(?!.*\?$)",
    r"\bничего не\b|\b(?:уже есть|уже была?|уже существу\w+|уже был[оаи]?)\b|\bтак(?:ого|ой|их|ая)\b.*\bн(?:ет|ету)\b|\bне (?:тот|та|то|те|этот|эта|эти|туда|там|оттуда|обязательно|нужн\w+|надо было|просил\w*|хотел\w*|говорил\w*|нрав\w+)\b(?!.*\?$)",
    r"\b(?:ты|вы)\b (?:\S+ ){0,2}?(?!предложил|сказал|писал|написал|предлагал|упомянул|указал|говорил)\w{2,}(?:л|ла|ли|лся|лась|лись)\b(?!.*\b(?:хорошо|отлично|молодец|прав\w*)\b)(?!.*\?$)|\b(?:зачем|почему|с чего)\b.*\b(?:ты|вы|это|он[аои]?|так)\b",
    r"\b(?:раньше|до этого|вчера|прежде)\b.*\b(?:работал|было|был|показыв|открыв|запуск)\w*|\bстар(?:ая|ый|ое|ую|ой) (?:верси|файл|код|ветк)\w*|, а не \w+|, не \w+[.!]?$|^не (?:этот|эта|это|тот|та|те|эти|там|туда|сюда|так)\b",
    r"\b(?:уехал|съехал|слетел|пропал|исчез|отвалил|сбил|перепута|поломал|испорт|удалил|затёр|стёр|потер)\w*\b(?!.*\?$)|\bслишком\b(?!.*\?$)|\b(?:некрасив|ужасн|странн|нелеп|бред|ерунд|фигн|хрен|плох)\w*\b(?!.*\?$)|\b(?:хуже|медленн\w+|долго)\b(?!.*\?$)|\bникуда не\b|\bни к чему\b",
)
CHINESE = any_of(
    r"坏了|挂了|红了|崩了|没了|不见了|白屏|空白|是空的|消失|偏了|错位|重叠|乱码|乱了|卡住|卡死|闪退|对不上|不一致|不匹配|变形|溢出|被(?:遮|挡|覆盖|截断|删)",
    r"(?:现在|又|还是|仍然|依然|一直|总是|老是|怎么).{0,12}(?:错|失败|报|不|没|异常|[45]\d\d|一样|同样|红|空|有问题|乱)(?!.*(?:吗|什么)[？?]?$)",
    r"没(?:有)?(?:任何|什么)?(?:变化|反应|效果|区别|改(?!动)|动静|生效|看到|用上|包含|解决|实现|成功|做|加上|考虑|必要)|已经有.{0,14}了|我们(?:已经|早就)有|(?:文件|函数|方法|接口|字段|目录|表|这个|那个).{0,4}(?:不存在|没有)|不存在",
    r"^(?!.*[吗？?]).*你(?:只|又|没|改错|看错|搞错|删|漏|写错|用错|弄|忘|怎么|为什么|为何|把.{1,14}(?:删|改|弄|搞|写))|你(?:为什么|怎么)|为什么.{0,8}(?:改|删|加|要|没|不|又|会)",
    r"(?:旧|老|错误|过时)的?(?:版本|分支|文件|代码|逻辑)|不是.{1,20}[，,]\s?(?:是|而|应)|[，,]\s?不是\S{1,20}$|(?:之前|原来|以前|本来|刚才)(?:是好的|可以|能|没问题|正常|都|就)|我(?:要|想要|说|指|需要)的是",
    r"太(?:慢|大|小|长|短|多|少|丑|乱|窄|宽|高|低|暗|亮|密|简单|粗糙|啰|笼统|死板)|(?:名字|名称|颜色|位置|样式|格式|大小|顺序|方向|逻辑|结果|数据|布局|间距|字体|按钮|界面|效果|内容|描述|图|数量).{0,6}(?:不(?:对|好|太|行|够|符|正|合|清)|错|有问题|偏|反了|丢|少了)",
    r"点击?.{0,10}(?:没|不|无)(?:反应|动|效|能)?|不是(?:这样|这个|那个|这么|这里|我)|(?:不|没)(?:理解|明白)我|(?:难看|离谱|奇怪|莫名|多此一举|没意义|不合理|不严谨|不专业|不需要这)",
)
JAPANESE = any_of(
    r"壊れ|崩れ|消え(?:て|た|ま)|(?:固ま|止ま)っ(?:て|た)|ずれ(?:て|た)|重なっ|はみ出|切れて|真っ白|文字化け|抜けて(?:い|る|ま)",
    r"[がはも](?:空|赤|古い|違[うっい]|間違|遅い|おかし|変(?:だ|です|な|に見)|逆|不自然|微妙|汚い|見づら|多すぎ|少な)|(?:何も|全然|一つも|まったく|全く|一切).*(?:ない|ません|ず)|しか.*(?:ない|ません|なかった)",
    r"(?:エラー|[45]\d\d|赤く|白く|空に|失敗|警告).{0,8}(?:な[っりる]|出[るたてま]|です|返|表示)|(?:すでに|もう|既に).*(?:あり|ある|存在)|古い(?:バージョン|版|ファイル|まま|コード)",
    r"(?:じゃない|ではない|ではありません|じゃありません|違います|違う)(?:です|んだ|よ|ね|、|。|$)|前は.*(?:た|ました)|(?:欲しかった|したかった|ほしかった|はずだった)|存在し(?:ない|ません)|[はが](?:ありません|ないです|ない)[。]?$",
    r"(?:すぎ|過ぎ)(?:る|ます|て|です|だ)|同じ(?:エラー|まま|結果|問題|状態)|間違[えっい]|反応(?:が|し)?(?:な|ません)|(?:なぜ|なんで|どうして).*(?:変え|消し|削除|追加|使っ|した|なっ|して)|好き(?:じゃ|では)ない|勝手に|余計な|意図(?:と|し).*(?:違|な)",
)
KOREAN = any_of(
    r"깨졌|깨지|망가|사라[졌지]|없어졌|비어 ?있|실패(?:해|했|하네|합)|틀[렸려리]|이상[해하]|잘못|느[려리]|어긋|겹[쳐치]|안 ?(?:바뀌|바뀐|돼|되|나[와오]|보[여이]|열|움직|먹|맞|고쳐)|못 ",
    r"(?:에러|오류|[45]\d\d|경고).{0,8}(?:나|떠|뜨|발생|야|난|납)|이미 (?:있|존재)|[만] (?:바꿨|수정|고쳤|했)|(?:옛날|예전|이전|구) ?(?:버전|파일|코드)|(?:게|것이|건|거) ?아니|아니(?:야|고|라|에요|잖)",
    r"전에는|원래는|아까는|말고 |마음에 안|맘에 안|별로|왜 .*(?:했|바꿨|지웠|삭제|추가|안|또|이래|거)|(?:파일|함수|그런|기능|버튼|변화).{0,4}없(?:어|는데|잖|습니다|어요)|너무 |같은 (?:에러|오류|문제)|(?:또|계속|여전히|아직(?:도)?) .*(?:나|안|못|실패|같|뜨)|싫",
)
