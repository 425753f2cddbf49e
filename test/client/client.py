# Somebody else's client of Docker Hub (PyPI: dockerhub-api) does on the stand-ins what it can do: it was not written
# for them, so what it takes for granted is true of them too. Reads where they are from standard input; prints one line
# for each thing that was done, and ends with 1 at the first that was not as the client's own words promise.
import base64
import hmac
import json
import logging
import sys
import time
import warnings

from agent_utilities.core.exceptions import AuthError, ParameterError, UnauthorizedError
from dockerhub_api.api.api_client_base import DestructiveOperationError
from dockerhub_api.auth import get_client, get_registry_client, get_token_manager

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
here = json.load(sys.stdin)
user, password = here["username"], here["password"]


def client(secret=password, **options):
    manager = get_token_manager(identifier=user, secret=secret, url=here["hub"], verify=True)
    api = get_client(url=here["hub"], jwt="none", **options)
    api._token_manager, api._static_token = manager, None
    return api


def refused(error, work):
    try:
        work()
    except error:
        return
    raise AssertionError(f"{error.__name__} was expected")


def code(secret):
    mac = hmac.digest(base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), "sha1")
    number = int.from_bytes(mac[mac[-1] & 15 :][:4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def check(what, condition=True):
    assert condition, what
    print(f"ok {what}")


if here["totp"]:
    anonymous = get_client(url=here["hub"], jwt="none")
    half = anonymous.login(user, password)["data"]
    half = half if isinstance(half, dict) else half.model_dump()
    whole = anonymous.two_factor_login(half["login_2fa_token"], code(here["totp"]))["data"]
    whole = whole if isinstance(whole, dict) else whole.model_dump()
    rows = get_client(url=here["hub"], jwt=whole["token"]).get_access_tokens()["data"]
    check("logging in with a second factor, and listing", bool(rows))
    print("all done with two factors")
    sys.exit(0)

hub = client(allow_destructive=True)
check("minting a session by the new route", bool(hub.create_auth_token(user, password)["data"]))
check("logging in by the old route", bool(hub.login(user, password)["data"]))
refused(AuthError, lambda: hub.login(user, "wrong"))
check("a wrong password is refused")
claims = hub.whoami()["data"]["claims"]
check("the session has an end and an issuer", claims["exp"] > 0 and claims["iss"] == "https://api.docker.com/")

made = hub.create_access_token("orange-cd", ["repo:read"])["data"]
made = made if isinstance(made, dict) else made.model_dump()
check("making a token, which shows its content", made["token"].startswith("dckr_pat_"))
listed, page = [], 1
while True:
    answer = hub.get_access_tokens(page=page, page_size=5)["data"]
    answer = answer if isinstance(answer, dict) else answer.model_dump()
    listed += answer["results"]
    if not answer.get("next"):
        break
    page += 1
check(f"listing {len(listed)} tokens on {page} pages", len(listed) == answer["count"] and page > 1)
check("no listed token shows a content", not any(str(row.get("token") or "").startswith("dckr") for row in listed))
check("the limits are told", hub.get_rate_limit()["data"]["limit"] > 0)


def state():
    found = hub.get_access_token(made["uuid"])["data"]
    return found if isinstance(found, dict) else found.model_dump()


check("reading one token", state()["token_label"] == "orange-cd")
hub.update_access_token(made["uuid"], is_active=False)
check("switching it off", state()["is_active"] is False)
refused(AuthError, lambda: hub.create_auth_token(user, made["token"]))
check("its content opens nothing while it is off")
hub.update_access_token(made["uuid"], is_active=True)
hub.update_access_token(made["uuid"], token_label="orange-bis-cd")
check("switching it on and renaming it", (state()["is_active"], state()["token_label"]) == (True, "orange-bis-cd"))

by_token = client(made["token"])
refused(UnauthorizedError, by_token.get_access_tokens)
check("a session got with a token may not manage tokens")
check("the token's claims name its scope", "repo:read" in by_token.whoami()["data"]["claims"]["scope"])

registry = get_registry_client(
    url=here["registry"], username=user, token=made["token"], config={"registry_auth_realm": here["auth"]}
)
check("the registry answers", registry.api_version()["status_code"] == 200)
check("the test image is there", registry.check_manifest("riaktr/base", "3.12")["exists"])
digest = registry.resolve_digest("riaktr/base", "3.12")["data"]["digest"]
check("its digest", digest.startswith("sha256:"))
manifest = registry.get_manifest("riaktr/base", "3.12")["data"]
check("its manifest", bool(manifest))
check("another tag is not", not registry.check_manifest("riaktr/base", "9.99")["exists"])

refused(DestructiveOperationError, lambda: client().delete_access_token(made["uuid"]))
hub.delete_access_token(made["uuid"])
refused(ParameterError, lambda: hub.get_access_token(made["uuid"]))
check("deleting it for good")

print("all done")
