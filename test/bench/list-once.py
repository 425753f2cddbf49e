# One listing of Docker Hub's tokens by somebody else's client (PyPI: dockerhub-api), page by page as it offers it.
# Reads where it is from standard input; prints its figures as JSON.
import json
import logging
import resource
import sys
import warnings

from dockerhub_api.auth import get_client, get_token_manager

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
here = json.load(sys.stdin)
hub = get_client(url=here["hub"], jwt="none")
hub._token_manager = get_token_manager(identifier=here["username"], secret=here["password"], url=here["hub"], verify=True)
hub._static_token = None
tokens, page = 0, 1
while True:
    answer = hub.get_access_tokens(page=page, page_size=100)["data"]
    answer = answer if isinstance(answer, dict) else answer.model_dump()
    tokens += len(answer["results"])
    if not answer.get("next"):
        break
    page += 1
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"tokens": tokens, "user": used.ru_utime * 1000, "megabytes": used.ru_maxrss / 1024}))
