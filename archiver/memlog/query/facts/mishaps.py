"""Lines that say what failed in nobody's format: told by what they claim, and by what else a line of output can be."""

import re

# How a line is marked before it says anything: a cross, a label, what a frame draws.
_MARKS = re.compile(
    r"(?:[❌✗✘✖✕×⨯❗‼🚨🔴⛔💥⚠✋🛑]\ufe0f? *|[│├└╰╭┃|<>*!=#-]{1,3} +|\((?:error|fatal)\) |\[(?!INFO|info|debug|DEBUG|ok|OK|PASS|warn|WARN)[\w .:/@-]{1,30}\]:? *)+"
)
_CROSSED = re.compile(r"[❌✗✘✖✕×⨯❗🚨🔴⛔💥🛑]")
_LABELS = re.compile(r"(?:[\w./@+-]{1,40}(?: \w+)?(?: ?\[[^\]]{1,20}\]| ?\([^)]{1,20}\))?(?::\d+)*: +){0,3}")
_QUOTED = r"(?:[`'\"“‘][^`'\"”’]{1,80}[`'\"”’]|[\w./@:$\\-]{1,80})"
# It begins with what is wrong.
_BEGINS = re.compile(
    r"(?:can(?:no|['’])t|can ?not|could(?: not|n['’]t)|(?:not able|unable) to|failed(?: to|:| with| at| in| on)?|failure(?: in|:| while)|did(?: not|n['’]t) \w+|"
    r"(?:compilation|network|validation|assertion|build|database|server|api|module parse) (?:error|fail(?:ed|ure))\b|no files? match\w*(?!.*\?)|error(?:s occurred)?(?: (?!handling|reporting|logging|tracking|messag)\w+ing| [45]\d\d| in| at| on| from| code| while| when|: )|invalid|illegal|missing(?! \d+ line)|unknown|unsupported|unexpected|unrecogni[sz]ed|unresolved|undefined|"
    r"undeclared|unhandled|uncaught|unterminated|unmatched|unbound|unauthori[sz]ed|forbidden|not (?:found|logged in|authori[sz]ed|authenticated|allowed|permitted|a \w+|enough)|"
    r"no (?:such|matching|available|valid|solution|virtual|module|default|space|route|tty|projects? matched|tests? found|inputs were|internet|permission|configuration)|"
    r"permission denied|access (?:is |was )?denied|authentication (?:failed|required|error)|connection (?:refused|reset|closed|timed|failed|error|lost|aborted)|(?:request |operation |command |test )?(?:timed out|timeout (?:of|after|exceeded|waiting|while))|"
    r"out of (?:memory|range|bounds|disk)|too many|bad (?:request|gateway|interpreter|substitution|credentials|revision|option|file)|denied|refused|duplicate (?:key|entry|identifier|column|definition|declaration)|malformed|corrupt(?:ed)?\b|"
    r"(?:merge )?conflicts?(?: in\b|:|$)|syntax error|parse error|type error|internal (?:server )?error|(?:oops!? ?)?something went wrong|an? (?:\w+ )?(?:error|exception) (?:occurred|was thrown|has occurred)|"
    r"exception(?: in| while|:| when| was)|abort(?:ed|ing)\b|terminated(?: by|$)|execution halted|you (?:must|need to) (?:be |log|sign|authenticate|provide|specify)|"
    r"(?:[45]\d\d (?:bad|unauthori[sz]ed|payment|forbidden|not|method|request|conflict|gone|payload|unprocessable|too|internal|service|gateway|page|client|server)\b))"
    r"(?![\w-])(?! \d+ \w+ ago)(?! *[(=](?!\w+\))|:: )",
    re.I,
)
# It says of a thing that it is wrong.
_NOT = r"(?:\bnot\b|n['’]t\b)"
_CLAIMS = re.compile(
    rf"\b(?:is|are|was|were|has|have|been|do|does|did|could|ca|wo|must|will|can)(?: ?{_NOT}|not) (?:yet |currently |been |be |have |a |an |the |any |seem to |properly )*"
    r"(?:found|set|defined|installed|available|running|recogni[sz]ed|supported|allowed|permitted|valid|configured|logged|initiali[sz]ed|authori[sz]ed|authenticated|accessible|reachable|executable|callable|exported|"
    r"specified|provided|match\w*|exist\w*|contain|connect\w*|complete\w*|respond\w*|resolve\w*|load\w*|open\w*|read\w*|written|parse\w*|start\w*|compile\w*|satisf\w+|declared|assignable|iterable|"
    r"known|able|present|registered|enabled|implemented|unique|equal|file|directory|function|module|git|repository|command|member|package|type|locate\w*|continue|boot\w*|run|find|determine|access\w*|be)\b"
    r"|\b(?:can(?:no|['’])t|could(?: not|n['’]t)|unable to|failed to) (?:be )?\w+"
    r"|\b(?:has|have|had|was|were|is|been|it|that|which|build|compilation|installation|script|hook|command|step|task|job|process|request|check|validation|verification|authentication|login|connection|migration|deployment|deploy|import|upload|download|"
    r"install|transaction|query|import|parsing|execution|update|fetch|push|pull|rebase|merge|lint|type-?check|pipeline|workflow|action|assertion|conversion|decoding|handshake|lookup|allocation|resolving|resolution) (?:has |have )?failed\b(?! (?:over|tests?\b))|\.{3,}failed$|\bfailed(?: :\()?(?: \([\w. ]+\))?[.!]?$|\bexpected\b.{1,120}\b(?:got|but|to (?:be|have|equal|find|include|contain|match))\b|\bdid not \w+|\b(?:unknown|invalid|broken)$|\bno (?:package|match|entry|route|session|device|process|handler|provider|data|results?) |\braised (?:an? )?(?:exception|error)|\bfailed (?:with|because|due|after|for|on|while|during|in)\b"
    r"|\b(?:not found|no such \w+|not recogni[sz]ed|not permitted|not allowed|not supported|not in (?:std|scope)|not matched|not loaded|not valid|permission denied|access denied|timed out|name or service not known"
    r"|(?:is|does) not (?:run|work|match|apply|support|compile|have|contain)|is already (?:\w+ )?running|environment is externally|is (?:invalid|required|missing|unavailable|unreachable|unhealthy|unknown|ambiguous|corrupt(?:ed)?|undefined|read-only|locked|too (?:long|large|big|old|small|high|low))|are (?:required|missing|invalid)|already (?:exists?|in use|running|defined|taken|declared|registered)"
    r"|no longer (?:exists|available|supported)|(?:error|exception|failure|problem|conflict)s? (?:occurred|happened|while|during|when|was thrown|detected|encountered)|went wrong|out of (?:memory|range|bounds|disk space)|limit exceeded|exceeds? (?:the )?\w+|exceeded"
    r"|was (?:refused|denied|rejected|killed|aborted|canceled|cancelled|interrupted|closed unexpectedly)|redeclared|undeclared|(?:nil|null) (?:value|pointer|reference)|stack overflow|syntax error|version solving failed|attempt to|mapping values are"
    r"|ended prematurely|unsatisfiable|unexpected(?:ly)?|mismatch(?:ed)?|incompatible|incorrect(?:ly)?|deadlock|unsatisfied|insufficient|expired|unresolved|errored|crashed|must (?:be|have|not|provide|specify)|conflicts? with|has been (?:killed|denied|rejected|revoked|exceeded))\b",
    re.I,
)
# Names of errors, codes of systems and of servers.
_NAMES = re.compile(
    r"\S+\.\w{1,5}(?::\d+)*:? (?:lint|assist|parse|format|check)\b[\w/]* +(?:FIXABLE +)?\u2501{3,}.*|× [A-Z].*[.:]$|(?:[a-z_]\w*\.)+(?:[A-Z]\w*(?:Error|Exception)|(?:exceptions?|errors?|exc)\.[A-Z]\w+)(?::.*)?$|(?:[a-z]\w*\.)+[A-Z]\w+(?:Error|Exception|Timeout|Warning)?: \S.*|[A-Z]\w+(?:\\[A-Z]\w+)+ ?$|\[?[A-Z]\w*(?:Error|Exception)\]?:?$"
    r"|(?:.{0,60}[ :(])?(?:E(?:CONN\w+|NO[A-Z]{3,}|ACCES|PERM|ADDR\w+|EXIST|PIPE|TIMEDOUT|HOSTUNREACH|INVAL|ISDIR|MFILE)|net::ERR_\w+|SQLSTATE\[\w+\])\b.*"
    r"|.{0,30}\bcode: ?['\"]?(?:E[A-Z_]{4,}|[A-Z]+_[A-Z_]+|[45]\d\d)\b.*|.{0,60}\b(?:status(?: ?code)?|HTTP)\)?[:= /]+(?:[\d.]+ )?[45]\d\d\b.*|\[\w+\\?\w*(?:Exception|Error)\]|.{0,60}\.{5,}Failed|\[INFO\] BUILD FAILURE|\[warn\] Code style issues .*|(?:\w+ )?parse error:?$|- exit code: [1-9]\d*|HTTP(?:/[\d.]+)? [45]\d\d\b.*|signal: (?:killed|\w+ fault|abort\w*).*"
    r"|(?:\w+:)?(?:ERROR|CRITICAL|FATAL|error|fatal)(?:[:!\]]| +(?=[A-Z\[]))\s*\S.*|[EF]\d{4} \d\d:\d\d:\d\d.*|\W*\w*\"?(?:level|severity|lvl)\"?[=: ]+\"?(?:error|fatal|critical|panic|ERROR|FATAL|CRITICAL|[56]0)\b.*"
    r"|.{0,80}\((?:\w+::)*\w*(?:Error|Exception)\)$|.{0,60}\b[a-z0-9_.-]+\.(?:ERROR|CRITICAL|EMERGENCY): .*|[we]: \S.*|e[•:]? .*|\W*[1-9]\d* [Ee]rror(?:\(s\)|s?)\W*$|\w+ : error \w+: .*|error : .*|error [•-] .*|\*\* ?\(?[A-Z][\w ]*(?:FAILED|Error\b|Mix\)).*|==+ .*\b(?:[Ee]rror|failed)\b.*|! \S.*"
    r"|> Task :\S+ FAILED|\* What went wrong:|FAILED: \S.*|(?:-- )?.*\berrors occurred!?|\S+: (?:MISSING|FAILED)|.*\.(?:py|js|ts|go|rs|c|cpp|h|java|rb|php)(?::\d+)+:? -? ?[Ee]rror\b.*|(?:PHP )?(?:Warning|Notice): +.* in \S+ on line \d+.*|[\w ]*would (?:be reformatted|reformat \S+).*|\d+ files? would be \w+.*"
    r"|Killed: \d+|Terminated(?:: \d+)?|KeyboardInterrupt|<title>[45]\d\d .*|\{\"(?:error|detail|errors)\": ?[\"{\[]\S.*|\{\"(?:status|type)\": ?\"(?:error|fail\w*)\".*|\W*\"(?:error|errorMessage|error_message)\": ?\"\S.*"
)
# What fails in other languages, by the stems of their words.
_ABROAD = re.compile(
    r"(?<!ohne )\bfehler(?!los|frei)(?:haft\w*|:| (?:beim?|in|auf|bei|während|ist)\b)|fehlgeschlagen|\bnicht (?:gefunden|möglich|erlaubt|unterstützt|verfügbar|vorhanden|lesbar|erreichbar|definiert|installiert|geöffnet|geladen|gültig|zulässig)|\bkonnten? (?:\S+ ){0,6}nicht\b|\bkann (?:\S+ ){0,5}nicht\b|\bkein(?:e[nr]?)? (?:git-|gültig|berechtigung|zugriff|verbindung|solche)|verweigert|ungültig|unbekannte[rs]? (?:befehl|option|fehler|kommando)|abgebrochen|schlug fehl|zeitüberschreitung|fehlende?[rs]? "
    r"|(?<!sem )\berros?(?::| (?:ao|de|na|no|em|ocorr\w+|interno)\b)|\bfalh(?:a(?::| (?:ao|na|no|de|em))|ou|aram)\b|\bn[ãa]o (?:foi poss[íi]vel|(?:foi |foram )?encontrad\w+|p[ôo]de|pode|existe|[ée] (?:reconhecid|poss[íi]vel|v[áa]lid|um)\w*|dispon[íi]vel|suportad\w+|autorizad\w+|conseguiu|definid\w+|instalad\w+)|inv[áa]lid[oa]s?\b|negad[oa]\b|inexistente|tempo (?:limite )?esgotado"
    r"|\berror(?:es)? (?:al|en|de|interno)\b|\bno (?:se )?(?:pudo|puede|encontr\w+|existe|est[áa] (?:definid|instalad|disponible)\w*|es (?:posible|v[áa]lid\w+|un\b)|(?:fue )?posible|reconoc\w+|soportad\w+)|\bfall(?:[óo]|id[oa]|aron)\b|denegad[oa]|no encontrad[oa]|tiempo de espera"
    r"|(?<!sans )\berreurs? ?(?::|lors|de|dans|interne|fatale|inattendue)|introuvable|\bimpossible (?:de|d['’])|[ée]chec\b|[ée]chou[ée]|refus[ée]e?\b|\bn['’](?:existe pas|a pas (?:pu|[ée]t[ée])|est pas (?:un|une|reconnu|d[ée]fini|install[ée]|valide|disponible)\w*)|\bne peut pas\b|\binvalide\b|d[ée]lai d['’]attente"
    r"|\berrore\b|non (?:trovat|riuscit|valid|è stato|esiste|disponibile)\w*|impossibile|fallit[oa]\b|\bgagal\b|\btidak (?:ditemukan|dapat|valid)|błąd|nie (?:znaleziono|można|udało)|hata(?::|sı)|bulunamadı|başarısız|\blỗi\b|không (?:thể|tìm)"
    r"|(?<!без )ошибк[аи](?! нет)|не (?:удал\w+|удает\w+|удаёт\w+|найден\w*|существует|является|задан\w*|указан\w*|поддерживается|определ[её]н\w*|установлен\w*|доступ\w+|могу|может быть|получилось|смог\w*)|невозможно|отказано|недоступ\w+|\bсбой|\bнет (?:такого|доступа|прав|соединения)|превышен\w*|неверн(?:ый|ая|ое|ые) |недопустим\w+|неизвестн\w+ (?:команда|параметр|ошибка)|прерван\w*"
    r"|失败|失敗|(?<![无無没])(?:错误|錯誤)|(?<!リ)エラー(?!なし|はあり|ハンド|処理)|无法|無法|找不到|不存在|未(?:找到|定义|安装|设置|配置|授权|登录)|没有(?:那个|权限|找到|可用)|不是内部|拒绝|拒絕|超时|逾時|(?:发生|抛出|出现)异常|不可用|不支持|无效|報錯|报错|崩溃|权限不足|缺少"
    r"|(?:でき|見つかり|開け|読め|使え|存在し|認識されてい)ません|(?:ディレクトリ|権限|モジュール|コマンド)(?:は|が|も)ありません|見つからない|できなかった|拒否|無効な|不正な|例外が|タイムアウト|未定義|認識されて"
    r"|실패|오류(?! 없)|에러(?! 없)|(?:찾을|열|읽을|접근할|사용할|연결할) 수 (?:없|업)|없습니다|거부|잘못된|시간 ?초과|예외가|존재하지 않|유효하지 않",
    re.I,
)
_NONE_ABROAD = re.compile(
    r"(?:失败|失敗|错误|エラー|ошиб\w+|fehler|erros?|errores|erreurs?|falhas?|fallos?|실패|오류)\W{0,4}[:：=]? ?0\b|\b0 ?(?:个|件|개|fehler|erros?|errores|erreurs?|falhas?|ошиб\w+)|(?:无|没有|なし|нет |keine |ohne |sem |nenhum |sin |ning[úu]n |aucune |sans |없이?)(?:语法)?(?:错误|失败|エラー|ошиб\w+|fehler|erros?|errores|error|erreurs?|오류)|エラー(?:は)?(?:あり|な)|成功|完成|完了|✓|✔|✅|success",
    re.I,
)
# What else a line of output can be: code, a listing, a log of commits, help, a table, a test's name, advice.
_OTHER = re.compile(
    r"[0-9a-f]{7,40} |debconf: |pseudo-terminal |\[\S+ [0-9a-f]{7,40}\]|(?:feat|fix|docs|chore|test|refactor|style|perf|ci|build)(?:\([^)]*\))?!?: |[-+]{1,3}(?:\s*(?:\w+ )*(?:def|class|return|import|if|from|const|let|var|func|fn|pub|raise|throw|console|assert|print|self|#|//)\b|\s{2,})|[-MADRCU?!]{1,2} +\S+\.\w{1,5}$"
    r"|(?:def|class|func|fn|import|from|const|let|var|pub|raise|throw|return|if|elif|else|for|while|except|catch|case|switch|try|async|await|export|public|private|protected|static|print|console|logger?|assert|expect|describe|it|test|struct|enum|type|interface|@\w+)\b(?! ?:|[\w ]*\berror:)[ (]"
    r"|\d{1,5}[:|\u2192\t-](?!\d)(?: |\t|$)?.*|#{1,6} |//|/\*|\* \[|\+\+\+|@@|diff --|(?:ok|PASS|SKIP|\u2713|\u2714|\u2705|=== RUN|=== CONT|--- PASS|\s*at )\s?\b|(?:-\w, )?--?\w[\w-]*[ =]{1,}.*(?:  |\t)|-{1,2}\w[\w-]*\s{2,}"
    r"|\[?(?:hint|note|info|debug|trace|tip|help|usage|example|see|warn(?:ing)?|npm warn|collecting|downloading|installing|compiling|checking|fetching|running|building|using|created?|creating|updated?|added|adding|removed|fixed|test(?:ing)?|retrying|waiting|starting|started|skipping|expected failures?)\b\]?(?!.*\b(?:failed|error:|not (?:found|matched|available|set|running)|could not|cannot|unable|no such|required|denied|timed out)\b)"
    r"|(?:if|when|unless|should|you (?:can|may|should|might)|to (?!use\b)\w+|make sure|please|try|this (?:may|will|can|might)|these|otherwise)\b|did you mean|.*\b(?:if (?:it|you|the|this|they)|should (?:not )?(?:be|have|return|throw|fail|not)|will fail|would fail|may fail|can fail|might)\b",
    re.I,
)
_CODE = re.compile(
    r"[{};]\s*$|=> *\{?$|^\s*[})\]]|\)\s*:$|\w\(\)?.*\)\s*[;{]|^[\w.]+ = |\|\||&&|^\s*\"[\w-]+\": |==|:=|\breturn\b|^\s*'[^']*'[,\]})]?\s*$|^[\w/.-]+/[\w.-]+$|^\S+$|\t.*\t"
)
_GOOD = re.compile(
    r"\bnothing to \w+|[:=] ?(?:0|none|no|false|null)\W*$|\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|problems?|issues?|failed|conflicts?)\b|\b(?:errors?|fail(?:ed|ures?)): ?0\b|[✓✔✅]|^(?!.*\b(?:not|un)\b).*\bsuccess(?:ful(?:ly)?)?\b|\bpassed\b",
    re.I,
)
_LONGEST_CLAIM = 300  # characters; what is longer is somebody's prose
_FEW = 26  # words, likewise


def begins(line: str) -> bool:
    """Whether a line of output says by its marks, its first words or a name that something failed."""
    if line[:2] in ("× ", "⨯ ") and line[2:3].isupper() and len(line) <= _LONGEST_CLAIM:
        return _GOOD.search(line) is None  # what a linter or a compiler draws it before
    if len(line) > 4 * _LONGEST_CLAIM or _OTHER.match(line):
        return False
    if _NAMES.match(line):
        return _GOOD.search(line) is None
    marks = _MARKS.match(line)
    body = line[marks.end() :] if marks else line
    if not body or _OTHER.match(body) or len(body) > _LONGEST_CLAIM:
        return False
    if marks and _NAMES.match(body):
        return True
    rest = body[_LABELS.match(body).end() :]  # type: ignore[union-attr]
    if not (_BEGINS.match(body) or _BEGINS.match(rest)):
        crossed = marks is not None and _CROSSED.search(marks.group()) is not None
        return crossed and (line.startswith("⨯ ./") or claims(body)) and " should " not in body
    return _GOOD.search(body) is None and not _CODE.search(body)


def claims(line: str) -> bool:
    """Whether a line says of something that it is not as it ought to be; of prose most lines could."""
    if len(line) > _LONGEST_CLAIM or line.count(" ") > _FEW or _OTHER.match(line) or _CODE.search(line):
        return False
    return _CLAIMS.search(line) is not None and _GOOD.search(line) is None


# In the few lines of a command that failed less is asked for.
_LOOSELY = re.compile(
    r"\b(?:fail\w*|not|never|cannot|missing|invalid|unable|denied|refused|broken|wrong|mismatch\w*|outdated|rejected|expired|requires?|required|must|abort\w*|illegal|bad|exceed\w*|unknown|"
    r"un(?:expected|supported|recogni[sz]ed|resolved|defined|declared|authori[sz]ed|available|reachable|bound|satisfied)|too (?:many|long|large|old|small)|conflict\w*|duplicate|already|crash\w*|lost|incompatible|insufficient|forbidden|disallowed|corrupt\w*|exit [1-9]\d*)\b|n['’]t\b",
    re.I,
)


def loosely(line: str) -> bool:
    """Whether a line, one of few that a failed command printed, has a word of failure and is nothing else."""
    if (
        len(line) > _LONGEST_CLAIM
        or line.count(" ") > _FEW
        or " " not in line
        or _OTHER.match(line)
        or _CODE.search(line)
    ):
        return False
    return _LOOSELY.search(line) is not None and _GOOD.search(line) is None


def abroad(line: str) -> bool:
    """The same in other languages than English."""
    if len(line) > _LONGEST_CLAIM // 2 or _OTHER.match(line) or _CODE.search(line):
        return False
    return _ABROAD.search(line) is not None and _NONE_ABROAD.search(line) is None
