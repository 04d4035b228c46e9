"""Lines test runners write of a result, as patterns of a whole line."""

# Lines a runner alone writes; a bare `PASS` or `FAIL` of Go is the result of a whole run.
RUNNERS = (
    # go, gotestsum
    r"(?:---|===) (?:PASS|FAIL|SKIP): \S.*|ok[ \t]+\S*[./]\S*[ \t]+(?:\(cached\)|[\d.]+s).*|FAIL\t\S.*|PASS|FAIL|DONE \d+ tests?.*",
    # pytest
    r"(?:=+ )?(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun),? ?)+in [\d.]+ ?s.*"
    r"|(?:\[gw\d+\] )?(?:\[ *\d+%\] )?(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) \S+::\S.*|\S+::\S+.* (?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b(?!:).*"
    r"|\S+\.py [.FEsxX]+[ \t]*(?:\[ *\d+%\])?|(?:FAILED|ERROR) \S+\.py(?: - .*)?|_{3,} ERROR .* _{3,}|(?:collecting \.\.\. )?collected \d+ items?(?: / \d+ \w+)* / \d+ errors?.*",
    # unittest
    r"Ran \d+ tests? (?:in|across) .*|OK(?: \((?:\w+=\d+(?:, )?)+\))?|FAILED \((?:\w+ ?\w*=\d+(?:, )?)+\)"
    r"|\w+ \([\w.]+\) \.\.\. (?:ok|FAIL|ERROR|skipped\b.*|expected failure)|(?:FAIL|ERROR): \w+ \([\w.]+\).*",
    # jest, vitest, mocha, bun, node, deno
    r"(?:Tests|Test Suites|Test Files|Errors|Suites):?[ \t]+.*\b\d+ (?:passed|failed|skipped|todo|errors?)\b.*|(?:PASS|FAIL) +\S+\.\w+.*"
    r"|\d+ (?:passing|failing|pending|pass|fail)\b(?: \(.*\))?|\((?:pass|fail|skip)\) \S.*|(?:#|\u2139) (?:pass|fail) \d+|(?:ok|FAILED) \| \d+ passed.*"
    r"|[❯×✓✗✘✕] \S+ +\(\d+(?: tests?\b.*)?\).*|[✓✗✘×✔✖✕] \S.*\(\d+(?:\.\d+)? ?ms\)|[✓✗✘×✔✖✕] [^\s>][^>]* > .* \d+ ?m?s",
    # cargo, nextest
    r"(?:\d+ )?test result: (?:ok|FAILED)\..*|test .+ \.\.\. (?:ok|FAILED|ignored)\b.*|(?:PASS|FAIL) \[ *[\d.]+s\] .*|Summary \[ *[\d.]+s\] .*\btests? run: .*",
    # TAP, rspec, minitest, mix, gradle, maven, phpunit
    r"(?:not )?ok \d+(?: -)? \S.*|\d+ examples?, \d+ failures?.*|rspec \./\S+:\d+ # .*"
    r"|\d+ (?:tests?|runs?|properties|doctests?), (?:\d+ \w+, )*\d+ failures?.*|\d+ tests? completed, \d+ failed.*|[\w.$]+(?: > .+)? > .+ (?:PASSED|FAILED|SKIPPED)"
    r"|(?:\[[A-Z]+\] +)?Tests run: \d+, Failures: \d+.*|OK,? .*\(\d+ tests?.*\)|OK \(\d+ tests?.*\)|Tests: \d+, Assertions: \d+.*",
    # dotnet, ctest, googletest, playwright, xctest, flutter
    r"(?:Passed|Failed)! +- Failed: +\d+, Passed: .*|(?:Passed|Failed|Skipped) [\w.]+\S* \[[<\d].*\]|(?:Passed|Failed): +\d+"
    r"|\d+% tests passed.*|\d+/\d+ Test +#\d+: .*(?:\bPassed|\*\*\*\w+).*|\[ +(?:OK|PASSED|FAILED) +\] \S.*"
    r"|\d+ (?:passed|failed|flaky)(?: \([\d.]+m?s\))?|Test (?:Case|Suite) .* (?:passed|failed)\b.*|Executed \d+ tests?, with .*|\d\d:\d\d \+\d+(?: ~\d+)?(?: -\d+)?: (?:All|Some) tests .*",
    # whoever counts, or says it of all
    r"\W*(?:[\w-]+(?: \w+)?: )?\d+(?:/\d+| of \d+)? tests? (?:passed|failed)\b.*|\W*(?:\w+: )?\d+ passed, \d+ failed.*|\W*(?:\w+: )?[Pp]assed[:=] ?\d+,? +[Ff]ailed[:=] ?\d+.*"
    r"|\W*(?:[Aa]ll|ALL) (?:\d+ |\w+ )?(?:tests|TESTS) (?:have )?(?:pass(?:ed)?|PASS(?:ED)?)\b.{0,20}|\W*(?:PASS|FAIL)(?:ED\b(?!: ))?\]?:? +[\w`\"'./-].*",
    # junit, maven, phpunit, pest
    r"Tests run: +\d+, +Failures: +\d+.*|(?:OK, but |WARNINGS|FAILURES|ERRORS)!|[.FEWRSIDN]{1,80} +\d+ / \d+ \( *\d+%\)|[✓⨯✗-] (?:it )?\S.* {3,}[\d.]+s"
    # jest and vitest of a single case, cypress, karma, jasmine, cucumber
    r"|○ (?:skipped|todo) \S.*|TOTAL: \d+ (?:SUCCESS|FAILED).*|(?:.{0,60}: )?Executed \d+ of \d+\b.*|\d+ (?:specs?|scenarios|steps)(?:, \d+ \w+)+.*|\d+ (?:scenarios?|steps?|features?) \(.*"
    r"|\W*All specs passed!.*|\W*\d+ of \d+ failed \(\d+%\).*|Ran \d+ of \d+ Specs in .*|(?:SUCCESS|FAIL)! -- \d+ Passed .*"
    # playwright
    r"|(?:[✓✘✗×x-]|ok) +\d+ (?:\[[\w -]+\] )?› .*|(?:[✓✘✗×x-]|ok) +\d+ \S+\.\w+:\d+:\d+ › .*|\d+ (?:skipped|did not run|interrupted)(?: \([\d.]+m?s\))?"
    # catch2, doctest, qt, swift testing, xcodebuild
    r"|All tests passed \(.*|(?:\[doctest\] )?(?:test cases|assertions): +\d+ \|.*|(?:PASS|FAIL!?|XFAIL|SKIP) +: \w+::.*|Totals: \d+ passed, .*|[✔✘◇] (?:Test|Suite|Test run)\b.* (?:passed|failed) after .*|\*\* TEST (?:SUCCEEDED|FAILED) \*\*"
    # dotnet, flutter, deno
    r"|Skipped [\w.]+\.\w+|Total tests: \d+|Test Run (?:Failed|Successful)\.?|Test summary: total: \d+.*|\d\d:\d\d \+\d+(?: ~\d+)? -\d+: .*\[E\]|[^.].{0,150} \.\.\. (?:ok|FAILED|ignored|skipped)(?: \([\d.]+m?s\))?"
    # foundry, perl, sbt, scala
    r"|(?:Suite|Test) result: (?:ok|FAILED)\..*|Ran \d+ test suites?.*: \d+ tests? passed.*|\[(?:PASS|FAIL)\b[^\]]*\] \w+\(.*|Result: (?:PASS|FAIL)|All tests successful\.?|\S+\.t \.+ (?:ok|Failed\b.*|Dubious\b.*|skipped\b.*)"
    r"|\[\w+\] (?:Passed|Failed): Total \d+, .*|\[\w+\] \*\*\* \d+ TESTS? FAILED \*\*\*|\[\w+\] - .* \*\*\* FAILED \*\*\*|\[\w+\] All tests passed\.|Tests: succeeded \d+, failed \d+.*"
    # pytest -q, collection, unittest's loader, go's events
    r"|[.FEsxX]{4,} +\[ *\d+%\]|(?:=+ )?no tests ran in .*|(?:collecting \.{3} ?)?collected \d+ items? / \d+ errors?.*|ERROR: \S+ \(unittest\.\S+\)|NO TESTS RAN"
    r"|\{[^{}]*\"Action\":\"(?:pass|fail|skip)\"[^{}]*\}|\d+ - \S.* \((?:Failed|Timeout|SEGFAULT|Not Run|Subprocess aborted)\)|[✓✖∅]  ?\S+[./]\S+ \((?:[\d.]+m?s|cached)\).*"
    # robot, tox, behave
    r"|.* +\| (?:PASS|FAIL) \||[\w.-]+: (?:OK|FAIL)(?: code \d+)? \([\d.]+=?.*|\d+ \w+(?: passed)?(?:, \d+ (?:passed|failed|skipped|undefined|errors?|errored|pending|untested))+"
    # whoever counts
    r"|\W*Tests? (?:passed|failed|skipped|succeeded)[:=] +\d+.*|[✅❌✔✘✓✗] (?:Test \w+: .*|\w*test\w*\S* (?:passed|failed|PASSED|FAILED)\b.*)|\W*TESTS? (?:PASSED|FAILED)\W*",
)
