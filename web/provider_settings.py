"""Log-in providers (OpenID Connect) as the operator names them in `CIRC_OIDC_*` variables.

`CIRC_OIDC_PROVIDERS` lists short names; for each NAME, in capitals: `CIRC_OIDC_NAME_ISSUER`, `…_CLIENT_ID`,
`…_CLIENT_SECRET` (none = a public client), `…_TITLE_ZH` and `…_TITLE_EN` for its button, `…_SCOPES`,
`…_HOSTS` (further hosts of its addresses), `…_LINK` (`person`, `mail` or `credit_code`: what may link a
subject to an account), `…_CREDIT_CODE_CLAIM`, `…_STRONG_ACR` and `…_STRONG_AMR` (values that count as a
second factor).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LINKS = ("person", "mail", "credit_code")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider. Raises ValueError, naming the variable, for settings that cannot work."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    title_zh: str = ""
    title_en: str = ""
    scopes: str = "openid email"
    hosts: frozenset[str] = frozenset()
    link: str = "person"
    credit_code_claim: str = ""
    strong_acr: frozenset[str] = frozenset()
    strong_amr: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        said = f"CIRC_OIDC_{self.name.upper()}"
        if not self.allows(self.issuer) or urlsplit(self.issuer).query:
            raise ValueError(f"{said}_ISSUER must begin with https://")
        if not self.client_id:
            raise ValueError(f"{said}_CLIENT_ID is missing")
        if "openid" not in self.scopes.split():
            raise ValueError(f"{said}_SCOPES must name openid")
        if self.link not in LINKS:
            raise ValueError(f"{said}_LINK must be one of {', '.join(LINKS)}")
        if (self.link == "credit_code") != bool(self.credit_code_claim):
            raise ValueError(f"{said}_CREDIT_CODE_CLAIM goes with {said}_LINK=credit_code")

    def allows(self, address: str) -> bool:
        """Tell whether an address is at a host of the provider, by TLS unless it is this machine itself."""
        parts = urlsplit(address)
        own = parts.netloc in {urlsplit(self.issuer).netloc, *self.hosts} and parts.netloc != ""
        return own and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins that the provider's own pages may be at."""
        parts = urlsplit(self.issuer)
        return (f"{parts.scheme}://{parts.netloc}", *(f"https://{host}" for host in sorted(self.hosts)))

    def title(self, language: str) -> str:
        """Return what its button says."""
        return (self.title_zh if language == "zh" else self.title_en) or self.title_zh or self.name


def read_providers(given: Mapping[str, str]) -> tuple[Provider, ...]:
    """Return the providers that the variables name; raises ValueError."""
    names = _words(given.get("CIRC_OIDC_PROVIDERS", ""))
    if len(set(names)) != len(names) or not all(map(_NAME.fullmatch, names)):
        raise ValueError("CIRC_OIDC_PROVIDERS must be different short names in small letters")
    return tuple(_provider(given, name) for name in names)


def _provider(given: Mapping[str, str], name: str) -> Provider:
    def told(what: str, default: str = "") -> str:
        return given.get(f"CIRC_OIDC_{name.upper()}_{what}", "").strip() or default

    return Provider(
        name=name,
        issuer=told("ISSUER"),
        client_id=told("CLIENT_ID"),
        client_secret=told("CLIENT_SECRET"),
        title_zh=told("TITLE_ZH"),
        title_en=told("TITLE_EN"),
        scopes=told("SCOPES", "openid email"),
        hosts=frozenset(_words(told("HOSTS"))),
        link=told("LINK", "person"),
        credit_code_claim=told("CREDIT_CODE_CLAIM"),
        strong_acr=frozenset(_words(told("STRONG_ACR"))),
        strong_amr=frozenset(_words(told("STRONG_AMR"))),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in text.split(","))))
