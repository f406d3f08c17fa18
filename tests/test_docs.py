"""What the pages in docs promise: their Python runs in order and prints what they say."""

from __future__ import annotations

import contextlib
import doctest
import io
from pathlib import Path

import pytest

from tests.test_readme import blocks_of


@pytest.mark.parametrize("page", ["extending.md"])
def test_python_blocks_run_and_print_what_the_page_says(
    page: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of((repository / "docs" / page).read_text(encoding="utf-8"))
    assert any(block.language == "python" for block in blocks)
    namespace: dict[str, object] = {"__name__": "page"}
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language != "python":
            continue
        printed = io.StringIO()
        code = compile("\n" * block.line + block.text, page, "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        assert following is not None, f"{page}, line {block.line}: nothing shows what it prints"
        assert following.language == "text"
        same = doctest.OutputChecker().check_output(
            following.text, printed.getvalue(), doctest.NORMALIZE_WHITESPACE
        )
        assert same, f"{page}, line {block.line + 1}: printed\n{printed.getvalue()}"
