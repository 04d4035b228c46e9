"""Words that make a sentence an instruction, a correction or a decision, by language.

A sentence is asked in the languages of its script: Chinese, Japanese and Russian by their letters, all that is
Latin in English, German and Portuguese at once. A pattern is of a whole sentence in lower case.
"""

import re
from typing import NamedTuple

from memlog.query.facts import english


class AnyOf(NamedTuple):
    """Patterns that are asked one after the other: joined into one they take half as long again."""

    patterns: tuple[re.Pattern[str], ...]

    def search(self, text: str) -> bool:
        """Whether one of them is in a text of lower case."""
        return any(pattern.search(text) for pattern in self.patterns)


class Cues(NamedTuple):
    """Patterns of one script. rule: holds from now on; request: to be done; reason: where a reason begins."""

    rule: AnyOf
    request: AnyOf
    correction: AnyOf
    decision: AnyOf
    reason: re.Pattern[str]


def _any(*patterns: str) -> AnyOf:
    # Of lower case: twice as fast as re.I, and a sentence is asked five times.
    return AnyOf(tuple(re.compile(pattern) for pattern in patterns))


def _first(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# German and Portuguese.
_ALSO = {
    "rule": (
        # German
        r"\b(?:immer|niemals|nie|stets|künftig|ab jetzt|ab hier|ab sofort|von nun an|in zukunft)\b",
        r"\b(?:bitte )?(?:nicht|kein\w*) (?:verwenden|benutzen|nutzen|ändern|löschen|anfassen|committen|pushen)\b",
        r"^(?:bitte )?\w+e? (?:\w+ ){0,4}(?:nicht|kein\w*)\b.*(?:!|\.|$)(?<!\?)",
        r"\b(?:achte|stelle? sicher|denk(?:e)? daran|vergiss nicht)\b", r"\bstatt(?:dessen)?\b",
        r"\b(?:darf|dürfen|muss|müssen|soll(?:te|ten|en)?)\b.*\b(?:nicht|kein\w*|immer|nur|sein|werden|bleiben)\b",
        # Portuguese
        r"\b(?:sempre|nunca|jamais|a partir de agora|daqui (?:em|pra|para) (?:diante|frente)|de agora em diante)\b", r"(?:^|[,;] )(?:por favor,? )?n[ãa]o (?:use|mude|altere|apague|"
        r"remova|fa[çc]a|toque|mexa|esque[çc]a|adicione|crie|commite|rode|execute|escreva|coloque)\b",
        r"\b(?:certifique-se|garanta|lembre-se|tenha certeza)\b", r"\bem vez d[eoa]s?\b|\bao inv[ée]s d[eoa]s?\b",
        r"\b(?:deve|devem|precisa|precisam|tem que|t[êe]m que)\b.*\b(?:ser|estar|ter|usar|ficar|sempre|apenas|s[óo])\b",
    ),
    "request": (
        # German
        r"\bbitte\b", r"^(?:und |dann |jetzt |nun |also |ok,? |ja,? |nein,? |gut,? |zuerst |danach )*(?:mach|füge|lösche|"
        r"entferne|ändere|schreib|teste|prüfe|überprüfe|nutze|benutze|verwende|nimm|lass|zeig|erstelle|baue|behebe|"
        r"korrigiere|führe|starte|stoppe|committe|pushe|merge|rebase|aktualisiere|ersetze|benenne|verschiebe|halte|"
        r"behalte|lies|suche|finde|erkläre|sag|gib|sorge|achte|stelle?|vergiss|denk|dokumentiere|ergänze|"
        r"implementiere|refaktoriere|räume?|setze?|warte|versuche?|öffne|schließe?|speichere?)e?n?\b",
        r"\b(?:kannst|könntest|würdest) du\b", r"\b(?:ich|wir) (?:möchte|will|hätte|brauche|wollen|möchten|sollten|müssen)\b",
        r"\blass(?:t)? uns\b|\b(?:kannst|könntest|würdest) du\b|^(?:zwei|drei|eine?|beide|nur|die (?:erste|zweite|letzte)|option) \w+, ",
        # Portuguese
        r"\bpor favor\b", r"^(?:e |ent[ãa]o |agora |ok,? |sim,? |n[ãa]o,? |certo,? |primeiro |depois |tamb[ée]m )*(?:adicione|"
        r"remova|apague|mude|altere|troque|escreva|teste|verifique|confira|use|utilize|rode|execute|mostre|crie|fa[çc]a|"
        r"corrija|conserte|atualize|renomeie|mova|mantenha|leia|procure|explique|diga|pare|comece|commite|fa[çc]a|"
        r"implemente|refatore|documente|deixe|substitua|garanta|lembre|salve|abra|feche|envie|coloque|limpe|ajuste|"
        r"continue|espere|tente|reverta|ignore|evite|prefira|certifique)\b",
        r"\b(?:voc[êe] )?(?:pode|poderia|consegue)\b.*\?", r"\b(?:quero|queria|gostaria|preciso|precisamos|vamos)\b|^(?:um|uma|dois|duas|tr[êe]s|s[óo]|apenas|ambas?|a op[çc][ãa]o) \w+, ",
    ),
    "correction": (
        # German
        r"^(?:nein|ne|nee|falsch\w*|nicht so|moment|halt|stopp|doch)\b|\bdu hast\b.*\b(?:wieder|schon wieder|erneut)\b|\bnicht d(?:ie|er|as|en|em)\b.*, ?sondern\b|\bmach das zurück\b|\bgehört (?:auf|in|nach|zu)\b", r"\b(?:das|es) (?:ist|war|stimmt) (?:falsch|nicht)\b|\bdas stimmt (?:so )?nicht\b",
        r"\b(?:ich (?:habe|hatte) (?:doch )?gesagt|ich meinte|du hast (?:\w+ ){0,4}(?:vergessen|übersehen|falsch)|eigentlich)\b",
        r"\bmach das (?:wieder )?rückgängig\b|\bfunktioniert (?:immer noch )?nicht\b|\bgeht (?:immer noch )?nicht\b",
        # Portuguese
        r"^(?:n[ãa]o,|n[ãa]o [ée] (?:isso|assim|ess[ea]|est[ea]|aquel[ea]|[oa])\b|\w+ errad[oa]|errad[oa]|espera|pera)|\bvoc[êe] \w+ou\b.*\b(?:de novo|outra vez|novamente)\b|\bvolta (?:como|ao que) |\bn[ãa]o [ée] .*, [ée] ", r"\b(?:isso|est[áa]) (?:est[áa] |é )?(?:errado|incorreto)\b",
        r"\b(?:eu (?:disse|pedi|quis dizer|falei)|voc[êe] (?:esqueceu|errou|n[ãa]o|deveria))\b|^na verdade\b",
        r"\b(?:desfa[çc]a|reverta) (?:isso|essa|esse|o|a)\b|\b(?:ainda )?n[ãa]o (?:funciona|funcionou|era isso)\b",
    ),
    "decision": (
        # German
        r"\b(?:ich|wir) (?:habe|haben|hatte)? ?(?:\w+ ){0,3}(?:entschieden|beschlossen|gewählt)\b|\bentscheid\w*:|\bwir (?:bleiben|nehmen|gehen|verwenden|nutzen) \b",
        r"\bich (?:nehme|verwende|nutze|behalte|lasse|verzichte|bleibe|wähle)\b", r"\b(?:anstatt|anstelle|statt)\b(?!.*\?$)", r"\b(?:beste|einfachste|sauberste|richtige|bessere) (?:lösung|ansatz|weg)\b",
        r"\b(?:weil|da|deshalb|daher|denn)\b.*\b(?:ich|wir)\b.*\b(?:verwende|nehme|nutze|lasse|behalte|mache|werde|werden)\b",
        # Portuguese
        r"\b(?:decidi|decidimos|escolhi|escolhemos|optei|optamos|prefiro|a decis[ãa]o)\b|\bvou (?:usar|manter|deixar|evitar|seguir|remover)\b|\bvamos (?:usar|manter|deixar|evitar|seguir)\b",
        r"\b(?:em vez|ao inv[ée]s) d[eoa]s?\b(?!.*\?$)", r"\b(?:melhor|mais simples|certa|correta) (?:solu[çc][ãa]o|abordagem|op[çc][ãa]o|forma)\b",
    ),
    "reason": (
        r"\b(?:weil|da|damit|denn|sonst|um zu|wegen)\b",
        r"\b(?:porque|pois|j[áa] que|para que|para evitar|por causa|sen[ãa]o)\b",
    ),
}  # fmt: skip

ENGLISH = Cues(
    _any(*english.RULE), _any(*english.REQUEST), _any(*english.CORRECTION), _any(*english.DECISION),
    _first(*english.REASON),
)  # fmt: skip
LATIN = Cues(
    _any(*english.RULE, *_ALSO["rule"]), _any(*english.REQUEST, *_ALSO["request"]),
    _any(*english.CORRECTION, *_ALSO["correction"]), _any(*english.DECISION, *_ALSO["decision"]),
    _first(*english.REASON, *_ALSO["reason"]),
)  # fmt: skip
# Two of these in a sentence and it is asked in English only, which takes half the time.
_COMMON = frozenset((
    "the", "is", "to", "and", "of", "this", "that", "it", "with", "be", "are", "should", "not", "i", "you", "we", "let",
    "can", "for", "have", "from", "but", "has", "they", "there", "if", "because", "since", "instead", "need", "just",
    "what", "which", "would", "could", "by", "on", "or", "use", "when", "then", "now", "only", "all", "ll",
))  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")

RUSSIAN = Cues(
    rule=_any(
        r"\b(?:всегда|никогда|впредь|отныне|с этого момента)\b", r"\bне (?:надо|нужно|следует|используй|трогай|меняй|удаляй|добавляй|"
        r"делай|коммить|пушь|забудь|забывай|пиши|создавай|запускай|ломай|должн\w+)\b", r"\bвместо\b", r"\b(?:убедись|удостоверься|обязательно|нельзя|только)\b",
        r"\bдолж(?:ен|на|но|ны)\b", r"\bпредпочита\w+\b",
    ),
    request=_any(
        r"\bпожалуйста\b", r"^(?:да,? |нет,? |хорошо,? |ок,? |ладно,? |теперь |потом |затем |и |а |также |сначала |снова )*(?:не )?(?:добавь|убери|удали|"
        r"исправь|почини|сделай|напиши|перепиши|проверь|запусти|используй|возьми|покажи|создай|поменяй|измени|замени|"
        r"переименуй|перенеси|оставь|объясни|скажи|найди|посмотри|прочитай|обнови|закоммить|запушь|откати|верни|"
        r"продолжай|продолжи|останови|подожди|попробуй|реализуй|вынеси|разбей|очисти|сохрани|открой|закрой|собери|"
        r"протестируй|задокументируй|избегай|держи|пиши|делай|помни|учти|убедись|давай|включи|отключи|настрой)(?:те)?\b",
        r"\b(?:можешь|можете|мог бы|могли бы|не мог бы)\b", r"[,;—-] (?:и |а )?(?:\w+ )?(?:назови|сделай|добавь|убери|удали|оставь|верни|используй|поставь|положи|запиши|вынеси|перенеси)(?:те)?\b", r"\b(?:хочу|хотел бы|хотелось бы|нужно|надо|необходимо|давай(?:те)?)\b",
    ),
    correction=_any(
        r"^(?:нет|неверно|неправильно|не (?:так|та|тот|то|те|туда|там)|стоп|подожди|погоди|на самом деле)\b|\b(?:ты|вы) (?:опять|снова)\b|\bэто не\b.*, (?:а|это)\b", r"\b(?:это|так) (?:не так|неверно|неправильно|не то)\b",
        r"\b(?:я (?:же )?(?:сказал|говорил|просил|имел в виду)\w*|ты (?:забыл|пропустил|не сделал|сломал|ошиб)\w*)\b",
        r"\b(?:откати|верни) (?:это|как было|обратно)\b|\b(?:всё|все) (?:ещё|еще) (?:не|пада)\w*|\bне работает\b", r"\bа не\b",
    ),
    decision=_any(
        r"\b(?:решил|решили|решено|выбрал|выбрали|решение:?|остановился|остановились)\w*\b", r"\b(?:буду|будем) (?:использовать|делать|хранить|писать|держать)\b",
        r"\bвместо\b(?!.*\?$)", r"\b(?:лучш|прощ|правильн|оптимальн|прост)\w+ (?:подход|решение|вариант|способ)\w*\b|\b(?:лучше|проще) (?:использовать|сделать|оставить|взять)\b",
        r"\b(?:оставлю|оставим|оставляю|использую|возьму|возьмём|возьмем|беру|берём|берем|выбираю|делаю)\b", r"\b(?:потому что|так как|поскольку)\b.*\b(?:использу|выбра|остав|буду|будем|сдела)\w*",
        r"\b(?:использу|выбра|остав|буду|будем|сдела)\w*.*\b(?:потому что|так как|поскольку|чтобы)\b",
    ),
    reason=_first(r"\b(?:потому что|так как|поскольку|чтобы|из-за|ведь|иначе)\b"),
)  # fmt: skip

CHINESE = Cues(
    rule=_any(
        r"总是|始终|永远|务必|必须|一定要|千万|绝不|从不|从现在起|以后|今后", r"不要|别(?:再|用|改|动|忘|删|提交|加)|禁止|不得|不能|不应该?|避免|请勿",
        r"(?:用|使用|改用)[^，。]{1,30}(?:而不是|而非|代替|不要用)", r"确保|记得|注意|只(?:用|能|允许|改)", r"应该|应当|优先",
    ),
    request=_any(
        r"请|麻烦|帮我|帮忙", r"^(?:好的?[，,。 ]*|那么?[，,]?|然后[，,]?|现在[，,]?|再|先|接着|另外[，,]?|也|行[，,]|对[，,]|是的[，,]|不[，,])*(?:添加|加上|加|删除|删掉|移除|修改|修复|改成|改为|改|"
        r"写|重写|检查|运行|跑|使用|用|创建|新建|更新|替换|重命名|移动|保留|解释|告诉|查找|看看|看一下|阅读|提交|推送|回滚|撤销|继续|停止|等|试试|实现|"
        r"重构|测试|清理|保存|打开|关闭|生成|列出|显示|合并|安装|配置|优化|确认|确保|把|将|让|给)",
        r"(?:能|可以|能不能|可不可以|能否|可否)\S*(?:吗|\?|？)", r"我(?:想|要|希望|需要|们要|们需要|们应该)", r"咱们|我们来|[，,。](?:然后|并|再|就)?(?:第\S{1,3}[个张条]叫|把|叫|改|加|删)",
    ),
    correction=_any(
        r"[^，。]{0,10}错了[，,。]?|^你又|(?:改|换|放|移|退)回去|^不是这|^(?:不[，,。！! ]|不对|不是|错了?|不行|等等|等一下|停|其实)", r"这(?:是|个)?(?:不对|错的|错误的|不是我)|(?:搞|弄|写|理解|改)错了?", r"我(?:说的是|的意思是|是说|已经说过|要的是)|你(?:忘了|漏了|没有|理解错|搞错|弄错)",
        r"(?:撤销|回滚|恢复)(?:这|那|刚才|原来)|还是(?:不行|失败|报错|没有)|没有用|不起作用", r"^(?!.*[请用]).*而不是|不是\S{1,20}[，,]?(?:而是|是)",
    ),
    decision=_any(
        r"决定|选择了?|我们?选|(?:这里|就|先)(?:选|用|走|按)|采用|改用|就用|确定用|方案是|最终", r"而不是|而非|代替", r"(?:最好|更好|最简单|正确|合适|更合适|更简单)的?(?:方案|做法|方法|办法|选择|方式)", r"因为.*所以.*(?:用|改|选|保留|放|去掉|删)|由于.*(?:用|改|选|保留|采用)",
        r"(?:我们?|我)(?:将|会|就)(?:使用|保留|采用|去掉|避免|放弃|用)", r"(?:保留|采用|使用).*(?:因为|以便|这样)",
    ),
    reason=_first(r"因为|由于|以便|这样|否则|为了|免得"),
)  # fmt: skip

JAPANESE = Cues(
    rule=_any(
        r"常に|必ず|絶対に?|決して|今後は?|これからは|毎回", r"しないで|使わないで|変えないで|消さないで|触らないで|やめて|してはいけ|禁止|しないこと|避けて|ないように", r"の?(?:代わり|かわり)に|ではなく|じゃなくて",
        r"(?:して|にして|であること|すること|なければならない|べき)(?:ください|です|だ|。|$)", r"だけ(?:を|に|で)?(?:使|変更|編集)",
    ),
    request=_any(
        r"ください|下さい|お願い|頼む|ちょうだい", r"(?:して|しといて|てくれ|てほしい|て欲しい|てもらえ|ていただけ|てくれる|てくれない)\S*$", r"(?:追加|削除|修正|変更|作成|実行|確認|更新|実装|テスト|コミット|プッシュ|リファクタ\S*|説明|調査)(?:して|を|しよう|しましょう|お願い)",
        r"(?:できますか|もらえますか|くれますか|できる？|しましょう|しよう)", r"(?:したい|ほしい|欲しい|必要があ)",
    ),
    correction=_any(
        r"^また.*(?:てる|ている|ました|って)|(?:が|は)違(?:う|います|って)[、。]|^(?:いや|いいえ|違う|違います|ちがう|待って|ちょっと待|そうじゃな|そうではな|実は)", r"(?:それ|これ|そこ)は?(?:違|間違|おかしい)|間違(?:って|い)|誤り", r"と言った|と言いました|という意味|つもり(?:は|では)|忘れて(?:い|る|ま)|抜けて",
        r"(?:元に|もとに)戻して|取り消して|まだ(?:失敗|動かな|エラー|直って)|動きません|動かない", r"(?:ではなく|じゃなくて)(?!.*(?:使|ください|下さい))",
    ),
    decision=_any(
        r"(?:こと)?に(?:決め|決定|しました|します|する(?:ことに)?)|採用|選び|選択し|選んだ|方針", r"(?:の?代わりに|ではなく|よりも?).*(?:使|採|選|する|ます)", r"(?:最善|最も|一番|より)?(?:簡単|良い|よい|正しい|適切)な(?:方法|解決策|選択|アプローチ|やり方)",
        r"(?:ので|ため|から)[、,].*(?:使い?ます|使う|採用|します|残し|削除し|避け)", r"(?:残します|残す|使います|使うことに|避けます)",
    ),
    reason=_first(r"ので|ため|から|なぜなら|理由は"),
)  # fmt: skip

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def cues(sentence: str) -> Cues:
    """The cues of a sentence's script."""
    if sentence.isascii():
        return _of_latin(sentence)
    if _KANA.search(sentence):
        return JAPANESE
    if _HAN.search(sentence):
        return CHINESE
    if _CYRILLIC.search(sentence):
        return RUSSIAN
    return _of_latin(sentence)


def _of_latin(sentence: str) -> Cues:
    return ENGLISH if len(_COMMON.intersection(_WORD.findall(sentence.lower()))) > 1 else LATIN
