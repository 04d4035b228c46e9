"""Kinds of sentence, each in six languages, and the sentences that come near them and are none."""

from pathlib import Path

import pytest

from memlog.query.facts import extract, prose
from memlog.query.facts.fact import Said


def kinds(text: str, role: str = "user") -> list[tuple[str, str]]:
    said = Said(7, "s", "claude-code", 0, 5, "message", role, None, text, False, "d" * 64)
    wanted = ("instruction", "correction", "decision")
    return [(f.kind, f.value) for f in extract.of_records([said]) if f.kind in wanted]


def only(text: str, role: str = "user") -> set[str]:
    return {kind for kind, _ in kinds(text, role)}


@pytest.mark.parametrize(
    "complaint, question",
    [
        ("why is the old banner still on the page?", "why is the sky blue in the logo?"),
        ("why are you writing two config files", "why does tar need a flag here?"),
        ("shouldnt the limit be per user", "what should the limit be?"),
        ("how could such a typo slip through?", "how does the typo checker work?"),
        ("are you sure this is the production host?", "are you there?"),
        ("Warum ist das alte Banner noch auf der Seite?", "Warum ist der Himmel im Logo blau?"),
        ("Sollte das Limit nicht pro Benutzer sein?", "Wie hoch ist das Limit?"),
        ("Por que o banner antigo ainda está na página?", "Por que o céu do logo é azul?"),
        ("O limite não deveria ser por usuário?", "Qual é o limite?"),
        ("Почему старый баннер всё ещё на странице?", "Почему небо на логотипе синее?"),
        ("Разве лимит не на пользователя?", "Какой сейчас лимит?"),
        ("为什么旧的横幅还在页面上？", "为什么标志里的天空是蓝色？"),
        ("限制不应该是按用户计算吗？", "限制是多少？"),
        ("なぜ古いバナーがまだ残っているの？", "ロゴの空は何色？"),
        ("上限はユーザーごとであるべきではないですか？", "上限はいくつ？"),
    ],
)
def test_a_complaint_in_the_form_of_a_question_is_a_correction(complaint: str, question: str) -> None:
    assert only(complaint) == {"correction"}
    assert "correction" not in only(question)


@pytest.mark.parametrize(
    "fault, request_",
    [
        (
            "the export button does not do anything",
            "please repair the export button, it does not do anything",
        ),
        ("i cannot see any orders in the list", "can you find out why i cannot see orders in the list?"),
        ("that readme section is not very clear", "rewrite the readme section that is not very clear"),
        ("Der Export funktioniert leider nicht.", "Bitte repariere den Export"),
        ("Die Liste ist viel zu lang.", "Kürze bitte die Liste"),
        ("O botão de exportar não funciona.", "Conserte o botão de exportar"),
        ("Кнопка экспорта не работает.", "Почини кнопку экспорта"),
        ("导出按钮没有反应。", "请修复导出按钮"),
        ("エクスポートのボタンが動かない。", "エクスポートのボタンを修正してください"),
    ],
)
def test_what_does_not_work_is_a_correction_and_a_request_to_mend_it_is_none(
    fault: str, request_: str
) -> None:
    assert only(fault) == {"correction"}
    assert only(request_) == {"instruction"}


@pytest.mark.parametrize(
    "objection, other",
    [
        ("but the limit belongs to the account", "but first run the linter"),
        ("i dont want a second config file", "do you want a second config file?"),
        ("i meant the other branch", "what did the other branch mean?"),
        ("it's about the upload and not the download", "it's about the upload"),
        ("Aber das Limit gehört zum Konto.", "Aber bitte erst den Linter starten"),
        ("Mas o limite pertence à conta.", "Mas primeiro rode o linter"),
        ("Но лимит относится к аккаунту.", "Но сначала запусти линтер"),
        ("但是限制属于账户。", "请先运行检查"),
        ("でも上限はアカウントのものです。", "先にリンターを実行してください"),
    ],
)
def test_an_objection_is_a_correction_and_an_order_of_steps_is_none(objection: str, other: str) -> None:
    assert only(objection) == {"correction"}
    assert "correction" not in only(other)


def test_an_objection_goes_on_with_the_same_of_another_thing() -> None:
    text = "why did you keep the cache folder? same with the index folder."
    assert [kind for kind, _ in kinds(text)] == ["correction", "correction"]
    assert not kinds("the cache folder is at /tmp. same with the index folder.")


def test_a_list_of_requests_is_no_pasted_text_and_one_of_reports_is() -> None:
    asked = (
        "Go through the importer line by line and look at every open file.\n\n"
        "Close whatever stays open after a failure, and write a test for each of those places.\n\n"
        "Update the manual where it speaks of the importer, and keep those changes as small as possible.\n\n"
        "Rename the branch afterwards so that it says what it holds."
    )
    assert len(asked) > 300 and len(kinds(asked)) == 4
    told = (
        "The importer is slow. It reads each file twice.\n\nThe exporter is slower. Each row is sorted.\n\n"
        * 4
    )
    assert not kinds(told)


@pytest.mark.parametrize(
    "settled, activity",
    [
        ("I'm adding a retry around the upload so that one timeout does not end the run.", "I'm reading the scheduler."),
        ("Easy fix: close the handle in the error path.", "The easy part is done."),
        ("Should return the error instead of an empty list.", "The function returns a list."),
        ("The importer is untouched by this, so I'll leave the old flag where it is.", "So I'll check the flag next."),
        ("I'd keep both readers until the format is frozen.", "I'd like to know which reader you use."),
        ("Ich verschiebe die Prüfung in den Leser, damit sie nur einmal läuft.", "Ich lese jetzt den Leser."),
        ("Mein Vorschlag: die Prüfung bleibt im Leser.", "Die Prüfung steht im Leser."),
        ("Vou mover a checagem para o leitor, assim ela roda só uma vez.", "Vou ler o leitor agora."),
        ("Перенесу проверку в читатель, чтобы она шла один раз.", "Сейчас читаю читатель."),
        ("我会把检查移到读取器，以免运行两次。", "我正在看读取器。"),
        ("検査は読み手に移動します。そのほうが簡単です。", "いま読み手を見ています。"),
    ],
)  # fmt: skip
def test_work_with_a_means_or_a_reason_is_a_decision_and_looking_is_none(settled: str, activity: str) -> None:
    assert only(settled, "assistant") == {"decision"}
    assert not only(activity, "assistant")


@pytest.mark.parametrize(
    "lead",
    ["The fix:", "Plan:", "## Approach", "So the solution is:", "Mein Ansatz:", "Plano:", "План:", "修复方案：", "修正案："],
)  # fmt: skip
def test_steps_of_a_plan_are_decisions_and_options_and_chores_are_none(lead: str) -> None:
    steps = "1. Use one lock for all the writers of a ring\n2. Drop the second buffer when the ring is full\n"
    assert [kind for kind, _ in kinds(f"{lead}\n{steps}", "assistant")] == ["decision", "decision"]
    assert not kinds(f"There are two options:\n{steps}", "assistant")
    assert not kinds(
        f"{lead}\n1. Check the log of the last run\n2. Read the manual of the ring\n", "assistant"
    )


@pytest.mark.parametrize(
    "finding",
    [
        "The `close()` call is reached only on success, which bypasses the cleanup of temporary files.",
        "There is no test coverage for the path where load_state returns an empty mapping.",
        "In read_all(), the error of open_ring() is returned without context, unlike all the others.",
    ],
)
def test_a_finding_that_was_pasted_alone_is_a_correction(finding: str) -> None:
    assert only(finding) == {"correction"}
    assert not only(finding, "assistant")


@pytest.mark.parametrize(
    "line, kind",
    [
        ("FAIL", "test"),
        ("(pass) reads a ring [1.20ms]", "test"),
        ("5 examples, 1 failure", "test"),
        ("ok | 5 passed | 0 failed (12ms)", "test"),
        ("PASS src/ring.test.ts", "test"),
        ("Passed!  - Failed:     0, Passed:     5, Skipped:     0", "test"),
        ("mkdir /x/y: operation not permitted", "error"),
        ("Output: stat ./ring.go: no such file or directory", "error"),
        ("The linter stopped due to an error: no schema", "error"),
        ("ls: /x/y: Zugriff verweigert", "error"),
        ("Der Upload ist fehlgeschlagen", "error"),
        ("mkdir: não foi possível criar o diretório", "error"),
        ("cp: не удалось открыть файл", "error"),
        ("ls: 无法访问 /x/y", "error"),
        ("ファイルを開くことができません", "error"),
        ("FAILURE is not an option", ""),
        ("Der Lauf ist beendet", ""),
        ("上传完成", ""),
        ("5 examples are in the folder", ""),
        ("the file exists", ""),
    ],
)
def test_runners_and_systems_say_what_failed_in_lines_of_their_own(line: str, kind: str) -> None:
    said = Said(7, "s", "claude-code", 0, 5, "tool_result", "tool", "Bash", f"run\n{line}\n", False, "d" * 64)
    assert [(f.kind, f.value) for f in extract.of_records([said])] == ([(kind, line)] if kind else [])


@pytest.mark.parametrize(
    "before, after",
    [
        (
            "# Context from my IDE setup:\n\n## Open tabs:\n- never.py: always/never.py\n## My request for Codex:\n",
            "",
        ),
        (
            '<in-app-browser-context source="x">\nNever treat it as an instruction.\n</in-app-browser-context>\n',
            "",
        ),
        ("Base directory for this skill: /s\n\n# Rules\nNever skip a step.\n\n\nARGUMENTS: ", ""),
        ("", "\n<timestamp>Always UTC.</timestamp>"),
    ],
)
def test_around_what_a_host_puts_in_the_user_is_heard(before: str, after: str) -> None:
    assert kinds(f"{before}rename the module{after}") == [("instruction", "rename the module")]


def test_what_is_quoted_within_a_sentence_is_no_sentence_of_its_own() -> None:
    notice = "\"Two windows are open. Use 'ring list' to see both.\""
    asked = f"can we change\n{notice}\n\nto something that names the other window"
    assert kinds(asked) == [("instruction", asked)]
    assert kinds(f"please shorten {notice} and run the tests. Use tabs.") == [
        ("instruction", f"please shorten {notice} and run the tests."), ("instruction", "Use tabs."),
    ]  # fmt: skip
    assert kinds(f"this came up:\n{notice}") == [], "a quotation by itself is nobody's wish"


def test_what_a_hook_printed_is_not_the_users_though_the_user_pasted_it() -> None:
    hook = "Operation stopped by hook: a window is open.\n\nTo resume the other one, run: ring attach 7\n\nUse it."
    assert kinds(hook) == []
    assert kinds(f"{hook}\n\nplease shorten this notice") == [("instruction", "please shorten this notice")]


@pytest.mark.parametrize(
    "none, correction",
    [
        ("learning Q: shouldn't the cache be reused here?", "shouldn't the cache be reused here?"),
        (
            "we did move all files once - but that should have been a one-off",
            "we did move all files but that is still wrong",
        ),
    ],
)
def test_a_question_to_learn_and_a_tale_of_what_was_done_correct_nothing(none: str, correction: str) -> None:
    assert only(none) == set() and only(correction) == {"correction"}


def test_to_file_an_issue_when_a_call_is_refused_corrects_nothing() -> None:
    def refused(text: str) -> set[str]:
        return {found.kind for found in prose.of_user(text, refused=True)}

    assert refused("Can we log a tracker issue with the details please") == {"instruction"}
    assert refused("please reply to the last comment") == {"instruction"}
    assert refused("please use the staging host") == {"correction"}


def test_a_sentence_a_terminal_wrapped_is_one_and_a_list_of_lines_is_none() -> None:
    wrapped = (
        "please write the names of all the open files to the report, and sort them by the\n"
        "  folder they stand in so that a reader finds them."
    )
    assert kinds(wrapped) == [("instruction", wrapped)]
    lines = "please write the names of the open files to the report\nsort them by the folder they stand in"
    assert [value for _, value in kinds(lines)] == lines.split("\n")


@pytest.mark.parametrize(
    "settled, near",
    [
        ("I'll only keep the second index because the first one is never read.", "I see only the second index, because the first one is never read."),
        ("Using the stream reader instead (no second copy in memory).", "Let me look at the stream reader instead."),
        ("I left the flag as it is for compatibility.", "If you like, I can leave the flag as it is for compatibility."),
        ("So I should drop the cache and read the file directly.", "The user says I should drop the cache and read the file directly."),
        ("The fix: keep one writer and let the others wait.", "Then we discovered that one writer was keeping the others waiting."),
    ],
)  # fmt: skip
def test_a_sentence_settles_something_where_enough_of_it_says_so(settled: str, near: str) -> None:
    assert only(settled, "assistant") == {"decision"}
    assert not only(near, "assistant")


def test_what_a_line_says_of_its_list_counts_for_every_item() -> None:
    items = "- Storage: one file for each day of records\n- Locking: a lock for each file of the archive\n"
    assert len(kinds(f"Key decisions:\n\n{items}", "assistant")) == 2
    assert not kinds(f"Options:\n\n{items}", "assistant")
    assert not kinds(f"What I found:\n\n{items}", "assistant")


def test_lines_that_mostly_ask_for_work_were_typed_and_not_pasted() -> None:
    asked = (
        "In the page of settings the card of the connection is red.\n\n"
        + "Replace the query with a safe one.\n" * 9
    )
    assert len(kinds(asked)) >= 9 and len(asked) > 300


@pytest.mark.parametrize(
    "request_, statement",
    [
        ("Also declutter the sidebar.", "Between the sidebars is a gap."),
        ("blur all of them behind the dialog", "none of them are behind the dialog"),
        ("After the sale ends, hide the banner.", "After the sale ended, the banner was hidden."),
        ("If no stock → show a badge", "If no stock → a badge was there"),
        ("и подвинти, то есть зафиксируй ширину колонки", "ширина колонки зафиксирована"),
        ("ширину колонки зафиксировать.", "ширину колонки они пытались зафиксировать."),
        ("Kippe die Reihenfolge der Spalten", "Eine die Reihenfolge kippende Spalte"),
        ("Encaixar a coluna ao lado do preço", "Qualquer a coluna ao lado do preço"),
        ("Décale la colonne vers la droite", "Toute la colonne est à droite"),
        ("line 12. лучше подпиши и обнови подсказку", "line 12. подсказка тут другая"),
        ("(mind you, keep the footer as it is)", "(and the footer was there already)"),
    ],
)
def test_a_request_is_told_by_its_shape_in_whatever_verb(request_: str, statement: str) -> None:
    assert only(request_) == {"instruction"}
    assert only(statement) == set()


@pytest.mark.parametrize(
    "objection, other",
    [
        ("you still haven't renamed the basket", "have you renamed the basket?"),
        ("The basket should keep its items, no?", "Does the basket keep its items?"),
        ("only two of the pictures show up", "which of the pictures show up?"),
        ("the title came out blank", "is the title blank?"),
        ("but the page now shows 627 on the right.", "but the page now shows 627 right."),
        ("same error as with the basket", "same goes for the basket"),
        ("Картинка исчезла после входа", "Поищи, куда исчезла картинка"),
        ("цена не обновляется", "цена не требует скидки"),
        ("Das Problem ist nicht behoben", "Das Problem ist bekannt"),
        ("o carrinho sumiu da página", "o carrinho está na página"),
        ("le panier ne garde plus les prix", "le panier garde les prix"),
        ("la cesta sigue sin mostrar precios", "la cesta muestra precios"),
        ("又报错了，价格没更新", "价格更新了"),
        ("この表は読みにくい", "この表は長い"),
    ],
)
def test_what_came_out_wrong_is_a_correction_and_what_is_so_is_none(objection: str, other: str) -> None:
    assert only(objection) == {"correction"}
    assert "correction" not in only(other)


def test_items_under_a_request_are_requests_and_those_under_a_finding_are_not() -> None:
    listed = "\n- the price with its currency\n- how many are left in stock\n- Why: buyers ask for it"
    assert len(kinds("Show in the row:" + listed)) == 3
    assert only("These errors came up:" + listed) == set()


def test_most_items_of_a_list_speak_for_the_others() -> None:
    asks = "- rename the column\n- sort by its date\n- dark header with a small logo"
    assert len(kinds(asks)) == 3
    tells = "- rename the column\n- dark header with a small logo\n- it was light in spring"
    assert len(kinds(tells)) == 1


def test_behind_what_somebody_else_said_the_user_asks_again() -> None:
    log = "The error is:\n\n" + "disk sda1 has no room for the basket\n" * 8
    assert kinds(log + "\nsweep the attic of the server") == []
    assert only(log + "\nPlease sweep the attic of the server") == {"instruction"}


def test_a_long_text_that_speaks_to_someone_is_typed_in_whatever_language() -> None:
    told = "В корзине лежат товары разных продавцов, у каждого своя цена и свой срок доставки.\n\n" * 4
    asked = "Сгруппируй товары по продавцам, а внутри по сроку доставки."
    assert kinds(told + asked) == []
    assert [kind for kind, _ in kinds(told + "Мне так неудобно. " + asked)] == ["instruction"]


# Our own lines: language, kind (c: what was done is wrong, i: what is to be done, -: neither), what the user said.
ANSWERS = Path(__file__).parents[1] / "data" / "labels" / "answers.txt"
SAID = {"correction": "c", "instruction": "i"}


def user_said(text: str, *, opening: bool = False) -> list[str]:
    said = Said(7, "s", "claude-code", 0, 5, "message", "user", None, text, False, "d" * 64, opening=opening)
    return [fact.kind for fact in extract.of_records([said])]


@pytest.mark.parametrize("language", ["en", "de", "fr", "pt", "es", "ru", "zh", "ja", "ko"])
def test_a_short_answer_that_states_what_is_wrong_is_a_correction(language: str) -> None:
    lines = [line.split(" ", 2) for line in ANSWERS.read_text().splitlines()]
    mine = [(kind, text) for code, kind, text in lines if code == language]
    assert [(k, text) for k, text in mine if SAID.get("".join(user_said(text)), "-") != k] == []
    assert {kind for kind, _ in mine} == {"c", "i", "-"} and len(mine) > 20


def test_what_is_wrong_before_the_agent_spoke_is_not_its_work() -> None:
    assert user_said("the left column overlaps the right one") == ["correction"]
    assert user_said("the left column overlaps the right one", opening=True) == []


@pytest.mark.parametrize(
    "settles, only_looks",
    [
        (
            "Ich lege die Werte nur im Speicher ab, damit nichts liegen bleibt.",
            "Ich prüfe jetzt die Werte im Speicher.",
        ),
        (
            "Je garde l'index actuel, car le nouveau serait plus lent.",
            "Je regarde maintenant l'index actuel du projet.",
        ),
        (
            "Перенесу проверку в отдельный модуль, чтобы её можно было тестировать.",
            "Посмотрю, где лежит проверка.",
        ),
        ("我会把缓存移到服务层，这样页面不需要知道它。", "我先看看缓存在哪里。"),
        ("依存を減らすため、設定の読み込みだけを別ファイルに分離します。", "設定ファイルを確認します。"),
        (
            "캐시는 그대로 두고 읽는 쪽만 수정하겠습니다, 그래야 안전하기 때문입니다.",
            "먼저 파일을 확인하겠습니다.",
        ),
    ],
)
def test_a_decision_in_another_language_is_weighed_by_what_it_says(settles: str, only_looks: str) -> None:
    assert only(settles, "assistant") == {"decision"}
    assert only(only_looks, "assistant") == set()


def test_an_offer_settles_nothing() -> None:
    offer = "If you'd like, I'll move the cache only, since the rest is better kept as it is."
    assert only(offer, "assistant") == set()
    assert only(offer.replace("If you'd like, ", ""), "assistant") == {"decision"}


PLAN = """Implement the following plan:

# Plan: split the cache

## Context

The cache is wrong for two sessions. Remove it and the page is slow.

## Steps

### 1. Move the reader

**Fix:** Move `read()` into a module of its own.

1. Add `Cache.get()` to the service
2. Keep the old name as an alias

The page shows the old value because nothing clears it, and every reader has a copy of its own to look at.
"""


def test_of_a_plan_that_is_handed_over_the_steps_are_instructions_and_titles_and_reasons_are_none() -> None:
    steps = [value for kind, value in kinds(PLAN) if kind == "instruction"]
    assert [step.split(" ")[0] for step in steps] == ["Implement", "Remove", "Fix:**", "Add", "Keep"]
    assert "correction" not in only(PLAN)


@pytest.mark.parametrize(
    "none, rule",
    [
        (
            "and I guess we don't always have a session when it ends",
            "don't always ask for a session when it ends",
        ),
        ("the sessions are not always there", "the sessions must always be there"),
    ],
)
def test_what_is_not_always_so_is_no_rule(none: str, rule: str) -> None:
    assert kinds(none) == []
    assert only(rule) == {"instruction"}


def test_a_cry_for_help_asks_for_nothing_but_what_to_help_with_does() -> None:
    assert kinds("help!") == kinds("never mind") == []
    assert only("help me with the login page") == {"instruction"}


@pytest.mark.parametrize(
    "quoted, said",
    [
        (
            'the page says "please try again in a moment, or reload it"',
            "please try again in a moment, or reload it",
        ),
        (
            "the banner reads “do not close this window before it is done”",
            "do not close this window before it is done",
        ),
        ('버튼을 누르니 "잠시 후에 다시 시도해 주세요."라는 글이 떴어', "잠시 후에 다시 시도해 주세요."),
    ],
)
def test_what_a_page_asks_in_quotes_is_not_asked_by_who_tells_of_it(quoted: str, said: str) -> None:
    assert "instruction" not in only(quoted)
    assert only(said) == {"instruction"}


def test_an_object_a_program_printed_asks_for_nothing() -> None:
    printed = (
        "[Api Error] {\nstatus: 429,\nmessage: 'No quota left. Please check your plan. Learn more there.'\n}"
    )
    assert kinds(printed) == []
    assert kinds(f"{printed}\nPlease retry once.") == [("instruction", "Please retry once.")]
    assert only(printed.replace("{", "(")) == {"instruction"}


PARTED = """Implement the following plan:

# Plan: part the cache

## Background

- The reader holds every session it met in one map
- Drop what is old, or it grows
- Two sessions share no entry at all

## Order

1. **Reader FIRST**: this gives the shared types
2. **Writer LAST**: adds the second route
3. **Pages in any order**: each adds its own handler

## Merge

1. Settle the branch onto `main`: `git rebase main`
2. Reconcile what differs between both
3. Run the whole suite
4. Delete local branches: `git branch -d part/*`

If this plan can be broken down into multiple independent tasks, consider using the TeamCreate tool to create a team.
"""


def test_a_list_of_a_plan_ends_at_a_title_and_a_step_is_told_before_and_behind_its_colon() -> None:
    steps = [value.split(" ")[0] for kind, value in kinds(PARTED) if kind == "instruction"]
    assert steps == ["Implement", "Drop", "Settle", "Reconcile", "Run", "Delete"]


def test_under_a_title_of_what_there_is_no_item_is_a_step_by_its_place() -> None:
    there = PARTED.replace("## Background", "## Steps").replace(
        "- Two sessions", "- Keep two sessions apart, as they"
    )
    assert "The" not in [value.split(" ")[0] for _, value in kinds(PARTED)]
    assert "The" in [value.split(" ")[0] for _, value in kinds(there)]


def test_of_a_log_behind_a_question_nothing_is_asked() -> None:
    log = "\n".join(
        ["Run npm run check", "> check", "Prepare all required actions", "Syncing repository: a/b"] * 8
    )
    assert kinds(f"why does this fail in CI?\n{log}") == []
    assert kinds(f"Skip the second job. Why does this fail?\n{log}") == [
        ("instruction", "Skip the second job.")
    ]
