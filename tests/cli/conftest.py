import subprocess

import pytest

from cli.installing import installation

__all__ = ["installation"]


@pytest.fixture
def certificate(tmp_path):
    """A certificate that nobody signed but itself."""
    names = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-out"]
    made = subprocess.run([*words, str(names[0]), "-keyout", str(names[1])], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("openssl is not installed (on Debian: apt-get install openssl)")
    return tuple(map(str, names))
