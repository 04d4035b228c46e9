"""How much in a sentence of another language than English says that its speaker settles something, in points.

The cues are those of `evidence`, fewer: a promise to make something, a reason, a limit, a contrast, a judgement, what is
not needed; what only looks, asks, offers or tells of others takes points away. In lower case, by script.
"""

import re
from functools import lru_cache
from typing import NamedTuple

ENOUGH = 5


class Weights(NamedTuple):
    """Patterns of a script, each with the points it gives."""

    promise: re.Pattern[str]  # 3
    reason: re.Pattern[str]  # 2
    limit: re.Pattern[str]  # 2
    contrast: re.Pattern[str]  # 2
    better: re.Pattern[str]  # 2
    unneeded: re.Pattern[str]  # 3
    ought: re.Pattern[str]  # 2
    looks: re.Pattern[str]  # -4


_WORTH = (3, 2, 2, 2, 2, 3, 2, -4)

_SOURCES = {
    "latin": (
        r"\bich (?!habe\b|hatte\b|hätte\b|heute|würde|werde\b(?!.*\w+en\b)|sehe|denke|glaube|finde|brauche|meine\b|eine)\w{2,}e\b|\b(?!habe|hatte|hätte|werde|würde|sehe|denke|glaube|finde|brauche)\w{3,}e ich\b|\b(?:ich werde|werde ich|wir werden)\b.*\w+en\b|\bwir (?!sind|haben|können|müssen)\w+en\b"
        r"|\bje (?:vais|d[ée]place|garde|laisse|remplace|ajoute|utilise|cr[ée]e|retire|s[ée]pare|corrige|modifie|passe|mets|fais)\b|\b(?:vou|vamos) \w+[aei]r\b|\b(?:voy a|vamos a) \w+[aei]r\b|\b(?:mantengo|dejo|uso|cambio|agrego|elimino|separo|mantenho|deixo|troco|removo|adiciono|separo)\b",
        r"\b(?:weil|damit|denn|sonst|deshalb|daher|darum|also|sodass|wegen|da (?:das|die|der|es|sie|ich|wir|hier|sonst)|parce|car|puisque|afin|sinon|donc|pour (?:[ée]viter|que|garder|ne pas)|porque|pois|j[áa] que|assim|para (?:que|n[ãa]o|no|evitar|manter|mantener)|sen[ãa]o|por isso|por eso|as[íi]|ya que|puesto que)\b",
        r"\b(?:nur|lediglich|ausschließlich|erst|vorerst|direkt|überall|nie|immer|seulement|uniquement|directement|d'abord|toujours|apenas|s[óo]|somente|primeiro|direto|sempre|solo|s[óo]lo|solamente|primero|siempre)\b",
        r"\b(?:statt(?:dessen)?|anstatt|anstelle|sondern|nicht mehr|und nicht|, nicht|ohne|trotzdem|au lieu|plut[ôo]t|sans|et non|em vez|ao inv[ée]s|sem|e n[ãa]o|en lugar|en vez|sin|y no|sino)\b",
        r"\b(?:besser|einfacher|sauberer|sicherer|beste[nrs]?|einfachste[nrs]?|sauberste[nrs]?|sinnvoll\w*|richtig|reicht|genügt|mieux|meilleure?|plus (?:simple|propre|s[ûu]re?)|suffit|melhor|mais (?:simples|limp[oa]|segur[oa])|basta|mejor|m[áa]s (?:simple|sencill[oa]|limpi[oa]|segur[oa])|lösung|ansatz|solution|approche|solu[çc][ãa]o|abordagem|soluci[óo]n|enfoque)\b",
        r"\b(?:unverändert|unangetastet|bleib(?:t|en)|belasse|lasse|nicht nötig|unnötig|kein(?:e|en)? (?:änderung\w*|bedarf|extra)|nicht anfassen|nicht (?:angefasst|geändert|gebraucht)|bewusst|absichtlich|inchang[ée]\w*|pas (?:besoin|n[ée]cessaire)|inutile de|laisse|reste\w*|volontairement|sem mudan[çc]a|n[ãa]o (?:precisa|[ée] necess[áa]rio|mexo)|fica|mant[ée]m|de prop[óo]sito|sin cambios|no (?:hace falta|es necesario|toco)|queda|mantiene|a prop[óo]sito)\b",
        r"\b(?:soll(?:te|ten|en)?|muss|müssen|darf|dürfen|gehör(?:t|en)|doit|doivent|devrait|faut|deve(?:m|ria|riam)?|precisa|debe[n]?|deber[íi]a[n]?|hay que)\b",
        r"\b(?:prüfe|schaue|sehe|lese|teste|suche|warte|verstehe|untersuche|analysiere|checke|gucke|starte|führe|zeige|melde|frage|gleiche|hoffe|freue|schau|ich (?:habe|hatte)|du|dir|ihr|sie (?:können|möchten)|möchtest|falls|wenn|v[ée]rifie\w*|regarde\w*|lis\b|cherche\w*|teste\w*|tu|vous|si|verificar|ver|olhar|ler|procurar|testar|voc[êe]|se|revisar|mirar|leer|buscar|probar|t[úu]|usted)\b",
    ),
    "russian": (
        r"\b(?!прочита|посмотр|провер|запущ|поищ|изуч|гля|найд|узна|понима|вижу|думаю|хочу|могу|знаю|нужн)\w{2,}(?:лю|рю|ню|сю|зю|шу|жу|щу|чу|аю|яю|ую|ею|ду|гу|ку|му|бу|ву|дим|жем|аем|яем|уем|еем|вим|лим|ним)\b",
        r"\b(?:потому что|так как|поскольку|чтобы|из-за|иначе|поэтому|ведь|раз уж|значит|тогда)\b",
        r"\b(?:только|лишь|сразу|сначала|напрямую|везде|всегда|никогда|пока)\b",
        r"\bвместо\b|, а не\b|\bа не\b|\bбез\b|\bне .*, а\b|\bбольше не\b|\bотдельн\w+\b",
        r"\b(?:лучше|проще|чище|надёжнее|надежнее|безопаснее|правильн\w+|логичн\w+|разумн\w+|достаточно|решение|подход|вариант|фикс)\b",
        r"\bне (?:нуж\w+|трога\w+|буд\w+|стоит|меня\w+|обязательно)\b|\b(?:остав\w+|остаёт\w+|остает\w+|сохран\w+|пропус\w+|отклад\w+|намеренно|сознательно|без изменений)\b",
        r"\b(?:должн\w+|должен|следует|надо|нужно|необходимо)\b",
        r"\b(?:провер\w+|посмотр\w+|прочита\w+|изуч\w+|запус\w+|проанализир\w+|поищ\w+|вы|ты|тебе|вам|если|пользователь|вижу|понимаю|хотите|хочешь|можешь|можете)\b",
    ),
    "chinese": (
        r"我(?:会|将|来|先|把|就|这就|直接|打算)|让我(?:们)?|我们(?:将|会|来|把|用|先)|^(?:把|将|先|改|换|用|统一|拆|抽|新增|移除|删除|保留|直接)",
        r"因为|由于|所以|因此|以便|避免|防止|为了|否则|这样|以免|从而|免得",
        r"只(?!有|是|要)|仅|直接|统一|先.*再|全部|一律|暂时|优先",
        r"而不是|而非|代替|替代|不再|改为|改成|换成|替换为|取代",
        r"更(?:好|简单|安全|合理|清晰|稳|干净|可靠)|最(?:好|简单|安全|合理|佳)|合适|正确的?(?:做法|方式|方案)|方案|做法|思路|策略",
        r"不需要|无需|不必|没必要|保持(?:不变|原|现有)|不(?:动|改|变|处理|引入)|保留|跳过|忽略",
        r"应该?|需要|必须|应当|得(?:改|用|加|把)",
        r"[你您]|看(?:看|一下)|检查|查看|读取|运行|测试一下|确认一下|搜索|了解|分析一下|如果|是否|用户(?:要|想|希望)|吗|已(?:经)?(?:完成|修复)",
    ),
    "japanese": (
        r"(?:変更|追加|修正|削除|分割|統一|移動|置き換え|切り替え|導入|適用|採用|実装|使用|利用|設定|分離|抽出|統合|維持|更新|並べ替え|出力|キャプチャ|作成|対応|簡略化|共通化|書き換え|まとめ|残し|外し|避け|使い|直し|分け)(?:え|し)?(?:ます|ましょう|ることにします|る方針)",
        r"ので|ため|から[、,]|なぜなら|理由|ことで|ように|結果",
        r"だけ|のみ|まず|直接|すべて|全て|必ず|最小限|一旦|当面",
        r"ではなく|じゃなく|代わりに|せずに|しないで|から\S{1,20}(?:に|へ)(?:変更|移|切り替え|更新)|よりも",
        r"(?:方|ほう)が(?:良|よ|い|シンプル|安全|簡単|自然)|最適|適切|シンプルな|正しい|方針|案|アプローチ|方法|自然",
        r"不要|必要(?:は|が)?(?:ない|ありません)|そのまま|維持|変更しません|残し|対象外|見送|触らず|行(?:いません|わない|っていない)",
        r"べき|必要があ|なければ|すべき",
        r"確認(?:し|を)|調べ|見て|見ます|読み|実行し|テストし|探し|ください|しましょうか|でしょうか|もし|場合は.*ください|ユーザー|あなた|完了しました|いたします",
    ),
    "korean": (
        r"(?:하|쓰|바꾸|만들|넣|빼|옮기|나누|고치|두|남기)(?:겠|ㄹ게|도록 하|려고)|[가-힣]+(?:하겠습니다|할게요|하겠|합니다|하도록)|수정합|변경합|추가합",
        r"때문|므로|니까|위해|그래서|따라서|그러면|않도록|하도록",
        r"만 |먼저|직접|우선|모두|항상|일단",
        r"대신|말고|아니라|않고|보다|없이",
        r"(?:가장|더) |낫|좋|자연스|안전|간단|깔끔|방법|방식|적절|해결",
        r"필요(?:가|는)? ?없|그대로|유지|건드리지|생략|제외|남겨|굳이",
        r"해야|필요|(?:어|아|여)야 ",
        r"확인|살펴|읽어|실행해|테스트해|찾아|검토|세요|까요|나요|사용자|만약",
    ),
}  # fmt: skip
_OFFERS = re.compile(r"[?？:：]$")
_SHORTEST = 18  # characters of a sentence that settles something; of a script of many strokes a third
_WIDE = ("chinese", "japanese", "korean")


@lru_cache(8)
def _weights(script: str) -> Weights:
    return Weights(*map(re.compile, _SOURCES[script]))


def points(plain: str, script: str) -> int:
    """Points of a sentence in lower case."""
    if len(plain) < (_SHORTEST // 2 if script in _WIDE else _SHORTEST) or _OFFERS.search(plain):
        return 0
    return sum(
        worth for pattern, worth in zip(_weights(script), _WORTH, strict=True) if pattern.search(plain)
    )
