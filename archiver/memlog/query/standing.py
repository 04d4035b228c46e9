"""What a user wants from now on, and not for the moment, told by its words in the languages memlog reads."""

import re

# After every, without my leave, from now on, whenever, under no circumstances; in order: English, German,
# French, Spanish, Portuguese, Russian, Chinese, Japanese, Korean.
_STANDING = re.compile(
    r"\b(?:after|before) (?:every|each|any)\b|\bwithout (?:my|our|asking|permission|approval|consent)\b"
    r"|\b(?:from now on|at all times|every time|whenever|under no circumstances|unless i (?:say|ask|tell))\b"
    r"|\b(?:nach|vor|bei) jede[mnrs]?\b|\bohne (?:meine|unsere)[mn]? (?:\w+ )?(?:zustimmung|erlaubnis|freigabe|genehmigung)\b"
    r"|\bohne (?:mich |uns |vorher )*(?:zu fragen|rückfrage|nachzufragen)\b|\b(?:ab (?:jetzt|sofort)|von (?:jetzt|nun) an|jedes ?mal"
    r"|unter keinen umständen|künftig|in zukunft|es sei denn,? ich)\b"
    r"|\b(?:après|avant|à) chaque\b|\bsans (?:mon|notre) (?:accord|autorisation|approbation|consentement|feu vert)\b"
    r"|\bsans (?:me |nous |d['’]abord )*(?:demander|consulter|prévenir)\b|\b(?:dorénavant|désormais|à partir de maintenant|à l['’]avenir"
    r"|chaque fois|en aucun cas|sous aucun prétexte)\b"
    r"|\b(?:después|antes|tras) (?:de )?cada\b|\bsin (?:mi|nuestra|nuestro) (?:aprobación|permiso|autorización|consentimiento)\b"
    r"|\bsin (?:preguntar|consultar|avisar)(?:me|nos)?\b|\b(?:(?:a partir de|desde) ahora|de ahora en adelante|cada vez que|siempre que"
    r"|bajo ninguna circunstancia|en ningún caso)\b"
    r"|\b(?:depois|antes|após) (?:de )?cada\b|\bsem (?:a |o )?(?:minha|nossa|meu|nosso) (?:aprovação|permissão|autorização|consentimento)\b"
    r"|\bsem (?:me |nos )?(?:perguntar|consultar|avisar)\b|\b(?:a partir de agora|daqui (?:em diante|pra frente|para a? ?frente)"
    r"|tod[ao]s? (?:a )?vez(?:es)? que|sempre que|em hipótese alguma|em nenhuma circunstância)\b"
    r"|\b(?:после|перед|до) кажд\w+|\bпри каждом\b|\bбез (?:моего|нашего) (?:согласия|разрешения|одобрения|ведома|подтверждения)\b"
    r"|\bбез спроса\b|\bне спросив\b|\b(?:отныне|впредь|с этого момента|каждый раз|всякий раз|ни в коем случае|ни при каких)\b"
    r"|每次|每一次|每个.{1,8}[前后]|(?:未经|没有|不经).{0,2}我们?.{0,3}(?:同意|允许|批准|许可|确认)|从现在(?:开始|起)|今后"
    r"|以后(?:都|每|不)|任何(?:情况|时候)|无论如何"
    r"|毎回|たびに|度に|ごとに|毎に|(?:許可|承認|同意|確認|断り)(?:なし|無し|なく|を得ず|を取らず)|今後は|これからは|以降は"
    r"|いかなる場合|どんな場合でも"
    r"|매번|때마다|(?:할|커밋|푸시|수정|변경) ?(?:때)?마다|(?:허락|승인|동의|확인) ?없이|묻지 ?(?:않고|말고)|앞으로는?\b|(?:지금|이제)부터"
    r"|어떤 경우에도",
    re.I,
)
# Never, always, must: where a correction begins so, as each language puts them.
_STRICT = re.compile(
    r"(?:\w+[,.:!] +){0,2}(?:you (?:must|should) )?(?:never|always|don['’]t ever|do not ever|must)\b"
    r"|(?:\w+[,.:!]? +){0,3}(?:niemals|nie wieder|immer|stets|auf keinen fall|jamais|toujours|nunca|jamás|siempre|sempre|никогда|всегда"
    r"|ни за что)\b"
    r"|.{0,16}?(?:绝不|绝对不|永远|始终|总是|必须|务必|千万[别不]|切勿|禁止|不得|絶対|必ず|常に|決して|절대|항상|반드시|결코)",
    re.I | re.S,
)


def holds(text: str) -> bool:
    """Whether a sentence says that it holds each time."""
    return _STANDING.search(text) is not None


def is_strict(text: str) -> bool:
    """Whether a sentence begins with never, always or must."""
    return _STRICT.match(text) is not None
