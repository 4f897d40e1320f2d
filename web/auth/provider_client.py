"""Talking to one OpenID provider: where to send a browser, and what the code that it brings back proves.

The authorisation code flow with PKCE, `state` and `nonce`. Discovery and keys are read anew for each log-in:
these are rare, and a key that the provider has just exchanged is known at once. Only the configured hosts are
asked, without following redirections, and none may take long.
"""

from __future__ import annotations

import logging
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException

from circularity.accounts.provider_attempts import Secrets
from circularity.accounts.provider_identities import Told
from circularity.errors import NotAllowed, Unavailable
from web.provider_settings import Provider

log = logging.getLogger(__name__)

SECONDS = (5, 10)
"""How long a provider may take to be reached, and to answer."""

LEEWAY_SECONDS = 60
"""How far the provider's clock may be off."""

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with a key pair only: none of those with our own secret, and never `none`."""


class ProviderClient:
    """One configured provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def address(self, secrets: Secrets, redirect_uri: str, language: str) -> str:
        """Return where to send the browser. Raises Unavailable where the provider does not answer."""
        extra = {"ui_locales": "zh-CN" if language == "zh" else "en"}
        if self.provider.strong_acr:
            extra["acr_values"] = " ".join(sorted(self.provider.strong_acr))
        with self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                self._metadata(session)["authorization_endpoint"],
                state=secrets.state,
                nonce=secrets.nonce,
                code_challenge=create_s256_code_challenge(secrets.verifier),
                code_challenge_method="S256",
                **extra,
            )
        return str(address)

    def prove(self, code: str, secrets: Secrets, redirect_uri: str) -> Told:
        """Exchange a code and return what it proves.

        Raises NotAllowed `provider_refused` for a code or token that is not in order; Unavailable.
        """
        with self._session(redirect_uri) as session:
            metadata = self._metadata(session)
            session.token_endpoint_auth_method = _method(self.provider, metadata)
            try:
                token = session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=secrets.verifier,
                    allow_redirects=False,
                )
            except RequestException as error:
                raise _unreachable(self.provider, error) from error
            except (AuthlibBaseError, ValueError) as error:
                raise _refused(self.provider, error) from error
            keys: Any = self._read(session, metadata["jwks_uri"])
        try:
            return self._told(self._claims(token, keys, secrets.nonce))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused(self.provider, error) from error

    def _session(self, redirect_uri: str) -> Any:
        session = OAuth2Session(
            self.provider.client_id,
            self.provider.client_secret or None,
            scope=self.provider.scopes,
            redirect_uri=redirect_uri,
            default_timeout=SECONDS,
        )
        session.trust_env = False  # no proxy and no password file of the machine's user has a say
        return session

    def _metadata(self, session: Any) -> dict[str, Any]:
        """Return what the provider says of itself; each address must be at one of its hosts."""
        at = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = self._read(session, at)
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        wrong = [name for name in wanted if not self.provider.allows(str(found.get(name, "")))]
        if wrong or found.get("issuer") != self.provider.issuer:
            raise _unreachable(self.provider, f"its issuer or these addresses are not its own: {wrong}")
        return found

    def _read(self, session: Any, address: str) -> dict[str, Any]:
        try:
            answer = session.get(address, withhold_token=True, allow_redirects=False)
            found = answer.json() if answer.status_code == 200 else None
        except (RequestException, ValueError) as error:
            raise _unreachable(self.provider, error) from error
        if not isinstance(found, dict):
            raise _unreachable(self.provider, f"{address} answered {answer.status_code}")
        return found

    def _claims(self, token: dict[str, Any], keys: Any, nonce: str) -> dict[str, Any]:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        decoded = jwt.decode(str(token["id_token"]), KeySet.import_key_set(keys), registry=registry)
        wanted = {
            "iss": {"essential": True, "value": self.provider.issuer},
            "aud": {"essential": True, "value": self.provider.client_id},
        }
        known = {
            "nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token"),
        }  # fmt: skip
        claims = CodeIDToken(decoded.claims, decoded.header, wanted, known)
        claims.validate(leeway=LEEWAY_SECONDS)
        return dict(claims)

    def _told(self, claims: dict[str, Any]) -> Told:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isascii():
            raise ValueError("sub is not a text of 1 to 255 ASCII characters")
        provider = self.provider
        by_mail = provider.link == "mail" and claims.get("email_verified") is True
        methods = claims.get("amr") or []
        return Told(
            provider=provider.name,
            issuer=provider.issuer,
            subject=subject,
            mail=str(claims.get("email", "")) if by_mail else "",
            credit_code=str(claims.get(provider.credit_code_claim, "")) if provider.credit_code_claim else "",
            strong=claims.get("acr") in provider.strong_acr or bool(provider.strong_amr & set(methods)),
        )


def _method(provider: Provider, metadata: dict[str, Any]) -> str:
    """Return how we prove to the provider who we are: in a header, unless it takes the body only."""
    if not provider.client_secret:
        return "none"
    known = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"


def _unreachable(provider: Provider, why: object) -> Unavailable:
    log.warning("log-in provider %s cannot be used: %s", provider.name, why)
    zh = "登录服务暂时无法使用，请稍后再试，或用口令登录"
    en = "the log-in provider cannot be reached: try again later, or log in with the password"
    return Unavailable("provider_unreachable", zh, en)


def _refused(provider: Provider, why: object) -> NotAllowed:
    log.warning("log-in provider %s: what it sent is not in order: %r", provider.name, why)
    zh = "登录服务的答复未通过验证，请重新登录"
    en = "what the log-in provider answered could not be verified: please log in again"
    return NotAllowed("provider_refused", zh, en)
