"""Says which of some secrets verify a webhook: with the public package for v1, with another library's Ed25519 for v1a."""

import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError


def shared(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def public(secret, body, headers):
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
