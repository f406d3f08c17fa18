"""The conformance kit itself: what becomes of a check, exemptions, forms of the report."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from phys import Device, StepFunctions
from phys.checked import InputError
from phys.checks import (
    NotApplicable,
    Status,
    Subject,
    check,
    check_device,
    checks,
    parametrize_with_checks,
    recheck,
    registry,
    require,
)
from phys.checks.catalogue import MARK, markdown, renewed
from phys.checks.code import counter_example, literal, origin_of
from phys.checks.report import Report, Result
from phys.checks.runner import run_check
from theory import DeviceLaw, SymmetryPoints, laws, w

SOFT = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
RUNAWAY = DeviceLaw("runaway", up=1 + w / 2, down=1 - w / 2, bounds=(-1, 1))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave no check but those that the test registers."""
    monkeypatch.setattr(registry, "_REGISTER", {})
    monkeypatch.setattr(registry, "MODULES", ())
    return


def above(limit: float) -> None:
    """Register a check that fails for every x above `limit`."""

    @check("toy.below", f"x <= {limit}.", draws=lambda subject: {"x": st.integers(0, 1000)})
    def below(subject: Subject, x: int) -> None:
        require(x <= limit, f"x = {x} exceeds {limit}")


@pytest.mark.usefixtures("alone")
class TestStatus:
    def test_a_counter_example_is_the_smallest(self) -> None:
        above(56)
        (result,) = check_device(SOFT, max_examples=100)
        assert result.status is Status.FAILED
        assert result.message == "x = 57 exceeds 56"
        assert "recheck('toy.below', device, x=57)" in result.counter_example

    def test_a_statement_that_holds_passes_with_as_many_examples_as_asked_for(self) -> None:
        above(1000)
        (result,) = check_device(SOFT, max_examples=17)
        assert (result.status, result.examples, result.message) == (Status.PASSED, 17, "")

    def test_dropped_examples_do_not_count(self) -> None:
        @check("toy.even", "x is even.", draws=lambda subject: {"x": st.integers(0, 1000)})
        def even(subject: Subject, x: int) -> None:
            assume(x % 2 == 0)
            seen.append(x)

        seen: list[int] = []
        (result,) = check_device(SOFT, max_examples=20)
        assert result.examples == len(seen)

    def test_conditions_that_no_example_meets_make_it_not_applicable(self) -> None:
        @check("toy.never", "0 = 1.", draws=lambda subject: {"x": st.integers()})
        def never(subject: Subject, x: int) -> None:
            assume(False)

        (result,) = check_device(SOFT)
        assert result.status is Status.NOT_APPLICABLE
        assert result.message == "no drawn example meets the conditions of the statement"

    def test_reasons_come_from_draws_and_from_the_check_itself(self) -> None:
        def refuse(*_: object) -> dict[str, st.SearchStrategy[int]]:
            raise NotApplicable("wrong kind")

        @check("toy.draws", "1 = 1.", draws=refuse)
        def first(subject: Subject) -> None:
            raise AssertionError

        @check("toy.itself", "1 = 1.")
        def second(subject: Subject) -> None:
            refuse()

        report = check_device(SOFT)
        assert {r.status for r in report} == {Status.NOT_APPLICABLE}
        assert {r.message for r in report} == {"wrong kind"}

    def test_an_error_in_the_device_is_a_failure_with_its_place(self) -> None:
        @check("toy.divides", "1/x is a number.", draws=lambda subject: {"x": st.integers(0, 9)})
        def divides(subject: Subject, x: int) -> None:
            assert 1 / x > 0

        (result,) = check_device(SOFT)
        assert result.status is Status.FAILED
        assert result.message.startswith("ZeroDivisionError: division by zero (line ")
        assert __file__ in result.message

    def test_ctrl_c_is_not_swallowed(self) -> None:
        @check("toy.stopped", "1 = 1.", draws=lambda subject: {"x": st.integers()})
        def stopped(subject: Subject, x: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            check_device(SOFT)

    def test_the_same_seed_draws_the_same_examples_whichever_checks_run(self) -> None:
        def seen(others: int, seed: int) -> list[int]:
            registry._REGISTER.clear()
            found: list[int] = []
            for k in range(others):
                check(f"toy.other{k}", "1 = 1.", draws=lambda subject: {"x": st.integers()})(
                    lambda subject, x: None
                )

            @check("toy.seen", "1 = 1.", draws=lambda subject: {"x": st.integers()})
            def note(subject: Subject, x: int) -> None:
                found.append(x)

            check_device(SOFT, seed=seed)
            return found

        assert seen(0, seed=5) == seen(3, seed=5)
        assert seen(0, seed=5) != seen(0, seed=6)

    def test_examples_leave_the_global_generators_alone(self) -> None:
        above(1000)
        random.seed(1)
        before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
        check_device(SOFT)
        assert random.getstate() == before[0]
        assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002


@pytest.mark.usefixtures("alone")
class TestExemptions:
    def test_an_expected_failure_says_why_and_what_was_found(self) -> None:
        above(5)
        report = check_device(SOFT, expected_failures={"toy.below": "x is large here"})
        (result,) = report
        assert report.passed
        assert result.status is Status.EXPECTED_FAILURE
        assert result.message == "x is large here (x = 6 exceeds 5)"

    def test_an_expected_failure_that_passes_is_a_failure(self) -> None:
        above(1000)
        report = check_device(SOFT, expected_failures={"toy.below": "x is large here"})
        assert not report.passed
        assert "dead exemption (x is large here): the check passes" in report["toy.below"].message

    def test_a_skipped_check_does_not_run(self) -> None:
        above(5)
        report = check_device(SOFT, skip={"toy.below": "takes long"})
        assert report.passed
        assert report["toy.below"].status is Status.SKIPPED
        assert report["toy.below"].examples == 0

    @pytest.mark.parametrize("argument", ["skip", "expected_failures"])
    def test_an_exemption_of_what_does_not_apply_is_a_failure(self, argument: str) -> None:
        @check("toy.noisy", "1 = 1.", needs=("noise",))
        def noisy(subject: Subject) -> None:
            pass

        exempt = {argument: {"toy.noisy": "too noisy"}}
        report = check_device(SOFT, **exempt)  # type: ignore[arg-type]
        assert not report.passed
        assert "not applicable anyway" in report["toy.noisy"].message

    def test_unknown_ids_and_missing_reasons_are_errors(self) -> None:
        above(5)
        with pytest.raises(InputError, match=r"no check 'toy.bellow'; did you mean toy.below"):
            check_device(SOFT, skip={"toy.bellow": "x"})
        with pytest.raises(InputError, match="give the reason in words"):
            check_device(SOFT, expected_failures={"toy.below": " "})
        with pytest.raises(InputError, match="both skipped and expected"):
            check_device(SOFT, skip={"toy.below": "x"}, expected_failures={"toy.below": "y"})


def test_ids_are_unique_and_of_one_form() -> None:
    with pytest.raises(ValueError, match="taken by"):
        check("bounds.clamped", "1 = 1.")
    with pytest.raises(ValueError, match=r"not of the form topic\.name"):
        check("Clamped", "1 = 1.")


def test_every_statement_is_one_sentence() -> None:
    for one in checks().values():
        assert one.statement.endswith("."), one.id
        assert ". " not in one.statement, one.id


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "is a int; give a theory.DeviceLaw"),
        (None, "is a NoneType; give a theory.DeviceLaw"),
        (laws.soft_bounds(), "leaves w_max, w_min, imbalance symbolic; the checks need numbers"),
    ],
    ids=["number", "nothing", "symbols"],
)
def test_what_is_no_device_is_refused(given: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_device(given)


@pytest.mark.parametrize(
    ("argument", "value"), [("max_examples", 0), ("max_examples", 2.5), ("seed", -1)]
)
def test_bad_numbers_are_refused(argument: str, value: float) -> None:
    with pytest.raises(InputError, match=argument):
        check_device(SOFT, **{argument: value})  # type: ignore[arg-type]


# -- counter-examples ------------------------------------------------------------------------
def run_code(code: str) -> None:
    exec(compile(code, "<counter-example>", "exec"), {})


def failing(device: object, name: str) -> Result:
    return next(r for r in check_device(device, max_examples=5) if r.id == name)


def test_the_counter_example_of_a_law_runs_as_it_stands() -> None:
    result = run_check(
        checks()["symmetry.attracts"],
        Subject(Device(RUNAWAY, dw_min=0.02), origin=origin_of(RUNAWAY, None)),
    )
    with pytest.raises(AssertionError) as error:
        run_code(result.counter_example)
    assert str(error.value) == result.message


def test_a_device_is_imported_where_a_module_names_it() -> None:
    import inspect

    code = origin_of(RUNAWAY, inspect.currentframe())
    assert code == f"from {__name__} import RUNAWAY as device"


@pytest.mark.parametrize("name", laws.CATALOGUE)
def test_laws_are_written_out_exactly(name: str) -> None:
    law = laws.CATALOGUE[name].law()
    names: dict[str, DeviceLaw] = {}
    exec(origin_of(law, None), names)
    assert (names["device"].up, names["device"].down) == (law.up, law.down)
    assert names["device"].bounds == law.bounds


def test_a_device_keeps_its_numbers() -> None:
    from phys import Spread

    device = Device(SOFT, 0.01, Spread(step=0.2, parameters={"imbalance": 0.1}), cycle_noise=0.3)
    names: dict[str, Device] = {}
    exec(origin_of(device, None), names)
    found = names["device"]
    assert (found.dw_min, found.spread, found.cycle_noise) == (0.01, device.spread, 0.3)


def test_a_law_of_another_class_is_left_to_the_reader() -> None:
    class Own(DeviceLaw):
        pass

    code = origin_of(Own("own", up=SOFT.up, down=SOFT.down, bounds=(-1, 1)), None)
    assert code.startswith("# device:")


def test_drawn_values_come_back_from_their_code() -> None:
    drawn = {"a": [1, -0.5, (2,)], "b": np.array([[0.1, np.nan]], np.float32), "c": np.float32(0.1)}
    found = eval(literal(drawn), {"np": np})
    assert found["a"] == drawn["a"]
    assert found["b"].dtype == np.float32
    assert np.array_equal(found["b"], drawn["b"], equal_nan=True)
    assert found["c"] == drawn["c"]
    assert eval(literal(float("inf"))) == float("inf")


def test_arrays_bring_their_import() -> None:
    from phys import Crossbar

    code = counter_example("a.b", "", {"x": np.zeros(2)}, Crossbar)
    assert code.startswith("import numpy as np\n")


def test_one_example_can_be_examined_again() -> None:
    recheck("symmetry.unique", SOFT)
    with pytest.raises(NotApplicable, match="hard"):
        recheck("bounds.soft", laws.constant_step(1, -1, 0), side=1, distance=0.1)
    functions = StepFunctions(lambda w: 1 - w, lambda w: 1 + w, (-1, 1))
    with pytest.raises(NotApplicable, match="no formula"):
        recheck("parts.recombine", functions, weight=0.0)
    with pytest.raises(InputError, match=r"there is no check 'no\.such'"):
        recheck("no.such", SOFT)


# -- the report ------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def report() -> Report:
    return check_device(RUNAWAY, max_examples=3, expected_failures={}, skip={"steps.sign": "slow"})


def test_the_summary_counts_what_ran_and_what_did_not(report: Report) -> None:
    counts = {s: sum(r.status is s for r in report) for s in Status}
    ran = counts[Status.PASSED] + counts[Status.FAILED] + counts[Status.EXPECTED_FAILURE]
    assert len(report) == len(checks()) == sum(counts.values())
    assert report.summary.startswith(f"{len(report)} checks: {ran} ran")
    assert f"{counts[Status.NOT_APPLICABLE]} not applicable, 1 skipped" in report.summary
    assert all(r.message for r in report if r.status is not Status.PASSED)


def test_the_text_shows_every_check_and_the_counter_example(report: Report) -> None:
    text = str(report)
    for result in report:
        assert result.id in text
    failed = report["symmetry.attracts"]
    assert failed.message in text
    assert failed.counter_example in text
    assert failed.statement.split(":")[0] in text


def test_json_holds_everything(report: Report) -> None:
    data = json.loads(report.to_json())
    assert data["passed"] is False
    assert data["seed"] == 0
    assert [r["id"] for r in data["results"]] == [r.id for r in report]
    found = {r["id"]: r for r in data["results"]}["symmetry.attracts"]
    assert found["status"] == "failed"
    assert found["counter_example"] == report["symmetry.attracts"].counter_example


def test_html_is_well_formed_and_escapes_what_users_write() -> None:
    nasty = Result("a.b", "1 < 2 & 3.", Status.FAILED, "<script>alert(1)</script>", 1, "x < y")
    page = Report("<i>device</i>", 0, 1, (nasty,)).to_html()
    assert "<script>" not in page
    assert "<i>" not in page
    assert "<code>a.b</code>" in page
    body = page[page.index("<body>") : page.index("</html>")].replace("<br>", "<br/>")
    ElementTree.fromstring(body)


def test_junit_counts_and_keeps_the_reasons(report: Report, tmp_path: Path) -> None:
    report.to_junit(tmp_path / "report.xml")
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    cases = list(suite.iter("testcase"))
    assert suite.get("tests") == str(len(report)) == str(len(cases))
    assert suite.get("failures") == str(len(list(suite.iter("failure")))) == "1"
    assert suite.get("skipped") == str(len(list(suite.iter("skipped"))))
    (failure,) = suite.iter("failure")
    assert "pulses lead away" in str(failure.get("message"))
    assert "recheck(" in str(failure.text)


def test_junit_holds_no_character_that_xml_cannot() -> None:
    report = Report("device", 0, 1, (Result("a.b", "1 = 1.", Status.FAILED, "a\x00b\x1bc"),))
    ElementTree.fromstring(report.junit().encode())


def test_a_report_gives_results_by_id(report: Report) -> None:
    assert report["steps.sign"].message == "slow"
    with pytest.raises(KeyError):
        report["no.such"]


def test_the_documentation_lists_every_check(repository: Path) -> None:
    """Renew it with: python -m phys.checks docs/conformance.md."""
    page = (repository / "docs/conformance.md").read_text(encoding="utf-8")
    assert page.count(MARK) == 2
    assert markdown() in page
    assert renewed(page) == page


def test_a_bound_at_which_both_steps_vanish_is_a_symmetry_point_and_no_sign_change() -> None:
    stalls = DeviceLaw("stalls", up=1 - w**2, down=(1 + w) / 2, bounds=(-1, 1))
    assert [float(point) for point in stalls.symmetry_points()] == [-1, 0.5]
    recheck("symmetry.theory", stalls)


def test_a_bound_at_which_the_steps_differ_is_no_symmetry_point() -> None:
    stalls = DeviceLaw("stalls", up=1 - w**2, down=(1 + w) / 2, bounds=(-1, 1))

    class Lists(DeviceLaw):
        def symmetry_points(self) -> SymmetryPoints:
            return stalls.symmetry_points()

    differs = Lists("differs", up=1 - w, down=1 + w, bounds=(-1, 1))
    with pytest.raises(AssertionError, match="lists the bound -1"):
        recheck("symmetry.theory", differs)


# -- pytest ----------------------------------------------------------------------------------
@parametrize_with_checks([Device(SOFT, 0.02, 0.1, cycle_noise=0.1)], max_examples=2)
def test_checks_run_as_tests(device: Device, check: object) -> None:
    check(device)  # type: ignore[operator]


def test_tests_have_readable_ids_and_strict_marks() -> None:
    decorator = parametrize_with_checks(
        [SOFT, SOFT], expected_failures={"bounds.soft": "why"}, skip={"steps.sign": "slow"}
    )
    cases = {case.id: case for case in decorator.mark.args[1]}  # type: ignore[attr-defined]
    assert len(cases) == 2 * len(checks())
    (mark,) = cases["soft_bounds-bounds.soft"].marks
    assert (mark.name, mark.kwargs) == ("xfail", {"reason": "why", "strict": True})
    (mark,) = cases["soft_bounds_2-steps.sign"].marks
    assert (mark.name, mark.kwargs) == ("skip", {"reason": "slow"})


def test_a_failed_check_fails_its_test_with_the_counter_example() -> None:
    decorator = parametrize_with_checks([RUNAWAY], max_examples=2)
    cases = {case.id: case for case in decorator.mark.args[1]}  # type: ignore[attr-defined]
    device, bound = cases["runaway-symmetry.attracts"].values
    with pytest.raises(pytest.fail.Exception, match="pulses lead away") as error:
        bound(device)
    assert "recheck('symmetry.attracts', device" in str(error.value)
    device, bound = cases["runaway-zero_shift.lands"].values
    with pytest.raises(pytest.skip.Exception, match="not applicable"):
        bound(device)


class Slope:
    """Compares by identity, as classes do that say nothing else."""

    def __init__(self, sign: int) -> None:
        self.sign = sign

    def __call__(self, w):
        return 1 - self.sign * w


class Forgetful(Slope):
    def __setstate__(self, state):
        self.sign = -state["sign"]


@pytest.mark.filterwarnings("ignore::phys.UncompiledDeviceWarning")
@pytest.mark.parametrize(("kind", "status"), [(Slope, "passed"), (Forgetful, "failed")])
def test_objects_that_are_functions_are_compared_by_what_they_do(kind, status):
    device = StepFunctions(kind(1), kind(-1), (-1, 1))
    result = run_check(checks()["store.pickle"], Subject(Device(device, dw_min=0.02)), 1)
    assert result.status == status


def test_the_message_about_functions_of_one_place_holds_no_place_in_memory():
    device = StepFunctions(lambda w: 1 - w, lambda w: 1 + w, (-1, 1))
    result = run_check(checks()["store.pickle"], Subject(Device(device, dw_min=0.02)), 1)
    assert result.status == "not applicable"
    assert "0x" not in result.message
