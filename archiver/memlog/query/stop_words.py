"""Which words of a question say nothing by themselves, in the languages people ask in.

Loaded only where no record has all the words, or few: there "the" would rank what says "the" most.
"""

from memlog.query.words import STOP_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.query.words import Term

ENGLISH = STOP_WORDS | frozenset("couldn d didn m wasn wouldn".split())  # noqa: SIM905
OTHERS = {
    "de": """
    aber alle als am an auch auf aus bei bin bis da damit dann das dass dem den denn der des die dies
    diese dieser dir doch du durch ein eine einem einen einer er es für gab gibt habe haben hat hatte
    hatten ich ihr im in ist ja kann kein keine können man mal mein mich mir mit nach nicht noch nun nur
    ob oder ohne sein seine sich sie sind so über uber ueber um und uns unser unsere vom von vor wann war
    waren warum was wegen welche welcher weil wem wen wenn wer werden wie wieso wir wird wo worden wurde
    wurden zu zum zur
    """,
    "fr": """
    a à ai as au aux avait avec avons c ce ces cela cet cette comment d dans de des dont du elle en est et
    été étaient était eu fait il ils j je l la le les leur lui m ma mais me mes moi mon n ne nos notre
    nous on ont ou où par pas pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se
    ses si son sont sur t ta te tu un une vos votre vous y
    """,
    "es": """
    a al algo como cómo con cual cuál cuando cuándo de del donde dónde el él ella ellos en era es esa ese
    eso esta está estaba están este esto fue fueron ha había han hay hemos hizo la las le les lo los me mi
    más mas no nos nosotros o para pero por porque qué que quien quién se ser si sin sobre son su sus
    también te tiene un una uno y ya
    """,
    "pt": """
    a à ao aos as às com como da das de dele do dos e é ela ele eles em entre era essa esse esta está este
    eu foi foram há isso isto já lhe mais mas me na não nao nas nem no nos nós o onde os ou para pela pelo
    por porque porquê qual quando que quem se sem ser são seu sobre sua também te tem tinha um uma você
    voce
    """,
    "it": """
    a abbiamo ai al alla anche avevamo c che chi ci come con cosa cui da dal dalla de dei del della delle
    di dove e è era gli ha hai hanno ho i il in io l la le lei lo loro lui ma me mi ne nel nella noi non o
    per perché perche più qual quale quali quando quello questa questo se si sia siamo sono stato su sul
    sulla tra tu un una uno
    """,
    "nl": """
    aan al als bij dan dat de deze die dit doen door dus een en er gaan geen had hadden hebben heb heeft
    het hier hij hoe ik in is je kan maar me met mijn naar niet nog nu of om omdat onder ons onze ook op
    over te tegen toen tot u uit van veel voor waar waarom wanneer waren was wat we welke wel werd werden
    wie wij worden zij zijn zo
    """,
    "ru": """
    а без бы был была были было в вам вас во вот все всё вы где да для до его ее её если есть еще ещё же
    за и из или им их к как какая какие какой когда кто ли мне мы на надо нам нас наш не него нет ни но ну
    о об он она они от по почему при про с со так там то тоже только у уже чем что чтобы эта эти это этот
    я
    """,
}
# Words of these that say something in English or in a shell: alone they make no language.
AMBIGUOUS = frozenset(
    """
    ai al alle als an bin chi ci come con cosa da dan de del den des die dies din dit do dove du e el en
    era es ha hat he hij hoe il in io la le lo los man mal mas me met na ne no of on op os pas per pour
    qual se si sia sin so son sur ta te ton tot tra um un van via war wat wie y
    """.split()  # noqa: SIM905
)


def said(groups: "list[list[Term]]") -> "list[list[Term]]":
    """The terms that say something by themselves; all of them where none does."""
    stop_words = _of_language({word for group in groups for term in group for word in _bare(term)})
    return [group for group in groups if not _says_nothing(group, stop_words)] or groups


def _of_language(bare: set[str]) -> frozenset[str]:
    """The list most of these words are in; of equal ones the first, which is English."""
    best, most = ENGLISH, len(bare & ENGLISH)
    for text in OTHERS.values():
        listed = frozenset(text.split())
        found = bare & listed
        if len(found) > most and not found <= AMBIGUOUS:
            best, most = listed, len(found)
    return best


def _says_nothing(group: "list[Term]", stop_words: frozenset[str]) -> bool:
    return all(not t.quoted and not t.prefix and stop_words.issuperset(_bare(t)) for t in group)


def _bare(term: "Term") -> list[str]:
    """Its words without the signs around them: `what's` and `est-ce` are two each; none of a phrase."""
    if term.quoted or term.prefix:
        return []
    words = term.text.lower().replace("\u2019", "'").replace("-ce", "'ce").split("'")
    return [word.strip('?!.,;:()[]"\u00bf\u00a1\u00ab\u00bb\u2026') for word in words if word]
