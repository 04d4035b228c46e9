"""What is wanted from now on is told in every language the extractor reads; a request for the moment is none."""

import pytest

from memlog.query import standing

HOLDS = {
    "english": ("run the tests after every change", "never push without my approval", "from now on use tabs"),
    "german": ("Führe nach jeder Änderung die Tests aus", "Pushe nicht ohne meine Zustimmung", "Ab jetzt nur Tabs"),
    "french": ("Lance les tests après chaque changement", "Ne pousse pas sans mon accord", "Désormais, des tabulations"),
    "spanish": ("Ejecuta las pruebas después de cada cambio", "No subas nada sin mi permiso", "De ahora en adelante usa tabs"),
    "portuguese": ("Rode os testes depois de cada mudança", "Não envie sem a minha aprovação", "A partir de agora use tabs"),
    "russian": ("Запускай тесты после каждого изменения", "Не пушь без моего разрешения", "Впредь используй табы"),
    "chinese": ("每次修改后运行测试", "未经我同意不要推送", "从现在开始用制表符"),
    "japanese": ("変更のたびにテストを実行して", "私の許可なしにpushしないで", "今後はタブを使って"),
    "korean": ("변경할 때마다 테스트를 돌려줘", "내 허락 없이 푸시하지 마", "앞으로 탭을 써"),
}  # fmt: skip
STRICT = (
    "Never do that", "Nein, niemals auf main", "Jamais sur main", "Nunca en main", "Sempre com testes", "Никогда не пушь",
    "绝对不要这样", "絶対にしないで", "절대 하지 마",
)  # fmt: skip
PASSING = (
    "please fix the parser", "run the tests", "that is wrong, the file is in src", "bitte den Parser reparieren",
    "führe die Tests aus", "lance les tests", "corrige el analizador", "rode os testes agora", "запусти тесты", "почини парсер",
    "运行测试", "修复解析器", "テストを実行して", "パーサーを直して", "테스트를 돌려줘", "파서를 고쳐줘",
)  # fmt: skip


@pytest.mark.parametrize("language", HOLDS)
def test_what_holds_each_time_is_told_in_each_language(language: str) -> None:
    assert [text for text in HOLDS[language] if not standing.holds(text)] == []


def test_never_and_always_begin_a_strict_correction() -> None:
    assert [text for text in STRICT if not standing.is_strict(text)] == []


def test_a_request_for_the_moment_is_neither() -> None:
    assert [text for text in PASSING if standing.holds(text) or standing.is_strict(text)] == []
