"""Base forms of English verbs: those a request begins with, and those of work that builds."""

# Base forms a request begins with, beyond those of the first list. What is as often a noun is left out.
MORE_VERBS = (
    "accept|accommodate|account for|acknowledge|activate|adapt|adopt|aggregate|align|alter|alternate|append|arrange|"
    "assert|assess|assign|attach|attempt|audit|augment|authenticate|authori[sz]e|automate|benchmark|bind|bisect|"
    "block|bootstrap|bound|break|bring|broaden|brainstorm|browse|bundle|bypass|calculate|cast|categori[sz]e|chain|"
    "cherry[- ]?pick|chunk|cite|cleanup|coerce|come up with|comment|communicate|complain|compose|compress|concatenate|"
    "conduct|confine|consume|contact|contain|continue|contrast|contribute|coordinate|correct|craft|cross[- ]reference|crop|"
    "customi[sz]e|cycle|deal with|declare|decode|decompose|decouple|decrease|decrypt|deepen|defer|demonstrate|deny|deprecate|"
    "diagnose|dig|diff|discuss|dispatch|dive|divide|dockeri[sz]e|downgrade|duplicate|elaborate|eliminate|embed|emphasi[sz]e|"
    "emulate|encapsulate|encrypt|enforce|enhance|enlarge|enrich|enumerate|erase|establish|estimate|exit|expect|experiment|"
    "factor|favou?r|feed|filter|finali[sz]e|flip|flush|force|fork|formali[sz]e|forward|free|freeze|gather|generali[sz]e|grab|"
    "grant|grep|halt|head|highlight|hit|hook|hold off|host|illustrate|imagine|infer|inform|inherit|inject|inline|intercept|"
    "interpret|invalidate|invert|issue|join|jump|justify|kick off|kill|label|land|lay out|lazy[- ]load|lead|learn|lets|level|"
    "lift|listen|locali[sz]e|locate|loop|memoi[sz]e|minimi[sz]e|mimic|minify|monitor|mount|multiply|mute|negotiate|nest|"
    r"notify|nuke|number(?! ?\d)|observe|obtain|offer|offload|onboard|operate|organi[sz]e|outline|overhaul|overwrite|own|pack|"
    "package|pad|page|paginate|paraphrase|partition|paste|patch|perform|permit|ping|play|poll|pop|position|practice|predict|"
    "prefix|prepend|present|preview|probe|process|produce|profile|program|prompt|proofread|prune|purge|query|queue|quit|"
    "randomi[sz]e|rank|rate|re-\\w+|reach|react|realign|reap|reassign|recall|receive|recommend|reconcile|record|recover|"
    "redact|redeploy|redirect|redraw|reference|refine|reflect|register|reimplement|reinstall|relabel|relate|relocate|"
    "remind|render|reopen|repair|replicate|repro|rescale|research|resend|reserve|reshape|resize|restrict|resume|retrieve|"
    "retest|reveal|revisit|rotate|round|route|sample|schedule|scrap|scrape|script|scroll|seed|segment|serialize|serve|"
    "share|shift|shut|sign|silence|simulate|sketch|slice|slow|smoke[- ]test|snapshot|source|speed|spell|spin|splice|spot|"
    "square|stabili[sz]e|stack|state|step|straighten|stream|streamline|stress[- ]test|structure|stub|study|subscribe|"
    "substitute|subtract|supply|suppose|suppress|synchroni[sz]e|target|teach|tear|template|terminate|throttle|tie|"
    "time|title|touch|transfer|transform|transition|truncate|trust|type|unblock|uncomment|understand|undo|ungroup|unlock|unpack|"
    "unset|unwrap|unzip|vendor|version|view|visit|visuali[sz]e|vet|void|weigh|whitelist|widen|wipe|yank"
)

VERBS = (
    "abandon|add|address|adjust|allow|amend|analy[sz]e|apply|approve|archive|ask|assume|avoid|back|base|be|begin|branch|build|bump|"
    "call|cancel|carry|change|check|choose|clean|clear|close|combine|commit|compare|compile|complete|condense|"
    "configure|confirm|consolidate|continue|convert|copy|create|cut|debug|decide|default|define|delete|"
    "deploy|describe|design|disable|discard|display|do|document|double[- ]check|download|draft|drop|dump|edit|"
    "empty|enable|ensure|execute|expand|explain|export|expose|extend|extract|fetch|figure|fill|find|finish|fix|"
    "focus|follow|force|format|generate|get|give|go|group|handle|hide|hold|ignore|implement|import|improve|include|"
    "increase|inline|insert|inspect|install|integrate|investigate|invoke|keep|launch|leave|limit|link|list|load|"
    "log|look|lower|make|mark|match|merge|migrate|mock|modify|move|name|note|open|order|output|parse|pass|pick|"
    "pin|plan|please|point|polish|post|prefer|prepare|print|prioriti[sz]e|proceed|propose|prove|provide|publish|"
    "pull|push|put|raise|read|rebase|rebuild|recreate|reduce|refactor|refer|reformat|refresh|regenerate|release|"
    "reload|remember|remove|rename|render|reorder|repeat|rephrase|replace|reply|report|reproduce|request|rerun|"
    "reset|resolve|respond|restart|restore|restructure|retry|return|reuse|revert|review|revise|rewrite|roll|run|"
    "save|scan|search|select|send|separate|set|ship|show|simplify|skip|sort|spawn|split|squash|stage|start|stash|"
    "stay|stick|stop|store|strengthen|strip|submit|suggest|summari[sz]e|support|swap|switch|sync|take|tell|test|"
    "think|tidy|tighten|trace|track|translate|treat|trigger|trim|try|turn|undo|unify|uninstall|unstage|update|"
    "upgrade|use|validate|verify|wait|walk|watch|wire|work|wrap|write|"
    "bring|buffer|cache|cap|capture|centrali[sz]e|clarify|clone|collapse|collect|compute|connect|consider|count|cover|"
    "attribute|cross[- ]check|dedupe|deduplicate|delegate|derive|detect|determine|distinguish|emit|encode|escape|evaluate|examine|"
    "exclude|exercise|explore|fall back|flag|flatten|forget|gate|guard|harden|help|hoist|identify|incorporate|initiali[sz]e|"
    "introduce|isolate|iterate|lint|lock|maintain|map|measure|mention|mirror|narrow|normali[sz]e|omit|optimi[sz]e|override|"
    "pause|persist|populate|port|preserve|promote|propagate|protect|quote|reconsider|recheck|redo|reject|relax|rely|require|"
    "respect|rework|reword|rethink|retain|sanitize|scope|shorten|shrink|solve|specify|standardi[sz]e|surface|tag|throw|"
    "toggle|tune|tweak|upload|warn|zip|" + MORE_VERBS
)

# Work that builds, not work that looks: what an agent promises or says should be done.
BUILDS = (
    "add|update|use|change|move|remove|rename|create|make|pass|return|replace|extract|override|store|skip|keep|handle|"
    "modify|implement|call|switch|convert|wrap|log|fall back|combine|split|set|put|include|expose|revert|drop|treat|reuse|"
    "restrict|limit|deprioriti[sz]e|duplicate|inline|merge|stage|list|structure|rewrite|ignore|default|delete|leave|append|"
    "disable|enable|require|raise|catch|cache|guard|generate|derive|defer|delegate|share|pin|bump|retry|swap|support|allow|"
    "propose|fix|refactor|write|enhance|consolidate|extend|improve|distinguish|clarify|normali[sz]e|simplify|patch|adapt|respect|honou?r|batch|"
    "redo|centrali[sz]e|scope|narrow|widen|tighten|loosen|gate|probe|teach|introduce|apply|rely on|fold|hoist|thread|plumb"
)
# What may stand before such a verb.
HOW = r"(?:also |just |only |still |simply |probably |instead |explicitly |now |then |directly |always |never |not )*"
