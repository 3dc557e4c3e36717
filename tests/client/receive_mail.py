"""A mail server that prints its port, then every mail it takes as a line of JSON. It refuses refused@ and defers later@."""

import json
import sys
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller


class Desk:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 nobody of this name"
        if address.startswith("later@"):
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {"to": envelope.rcpt_tos, "content": envelope.content.decode("utf-8", "replace")}
        mail["text"] = message_from_bytes(envelope.content, policy=default).get_content()
        print(json.dumps(mail), flush=True)
        return "250 OK"


class AnyPort(Controller):
    def _trigger_server(self):
        """The port is known only once the server listens."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = AnyPort(Desk(), hostname="127.0.0.1", port=int(sys.argv[1]) if sys.argv[1:] else 0)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
