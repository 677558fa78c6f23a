"""What `stance doctor` makes of an installation's requirements."""

import numpy as np
import pytest

from stance.scoring.doctor import _extras, _versions


@pytest.mark.parametrize(
    ("requirement", "ok", "found", "hint"),
    [
        ("numpy>=1.26", True, np.__version__, None),
        ("numpy", True, np.__version__, None),
        ("numpy>=99.0", False, "older than 99.0", "pip install --upgrade 'numpy>=99.0'"),
        ("no-such-package>=1", False, "not installed", "pip install"),
    ],
)
def test_core_requirements(requirement: str, ok: bool, found: str, hint: str | None) -> None:
    (finding,) = _versions([requirement])[2:]
    assert finding.ok is ok and found in finding.found
    assert (hint or "") in (finding.hint or "") and bool(finding.hint) is not ok


def test_missing_extras_are_no_fault_but_say_how_to_get_them() -> None:
    findings = _extras(
        [
            "numpy>=1.26",
            "no-such-package>=1; extra == 'magic'",
            "numpy>=1.26; extra == 'magic'",
            "no-such-package[a,b]>=1; (python_version > '3') and extra == \"both\"",
            "numpy>=1.26; extra == 'sums'",
            "no-such-package; extra == 'dev'",
        ]
    )
    assert [(f.name, f.ok, f.found, f.hint) for f in findings] == [
        ("extra both", True, "no-such-package not installed", "pip install 'stance[both]'"),
        ("extra magic", True, "no-such-package not installed", "pip install 'stance[magic]'"),
        ("extra sums", True, "complete", None),
    ]
