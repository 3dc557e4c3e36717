"""Says which of some secrets verify a webhook: with the public package for v1, with another library's Ed25519 for v1a. What
was signed more than five minutes ago, or in the future, verifies nothing: it may be somebody who has heard it before."""

import base64
import json
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

TOLERANCE = 300


def shared(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def public(secret, body, headers):
    if abs(time.time() - int(headers["webhook-timestamp"])) > TOLERANCE:
        return False
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(secret.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    for signature in headers["webhook-signature"].split(" "):
        version, _, text = signature.partition(",")
        if version != "v1a":
            continue
        try:
            key.verify(base64.b64decode(text), signed)
        except InvalidSignature:
            continue
        return True
    return False


given = json.loads(sys.argv[1])
verify = lambda secret: (public if secret.startswith("whpk_") else shared)(secret, given["body"], given["headers"])
print(json.dumps([verify(secret) for secret in given["secrets"]]))
