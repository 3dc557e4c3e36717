"""Drives one contact from arrival to closed, as a client developer who has only the protos would.

Generates its stubs from proto/ (argument 2) into a scratch folder, calls the server at argument 1, and prints one JSON
object with what it saw. Tokens come from the environment, so that they do not stand in a process list:
HELPLINE_ADMINISTRATOR and HELPLINE_ADAPTER.
"""

import json
import os
import pathlib
import sys
import tempfile
import uuid

import grpc
from grpc_tools import protoc


def generate(protos: pathlib.Path, into: str) -> None:
    """Generates Python stubs for every proto."""
    files = [str(path.relative_to(protos)) for path in sorted(protos.rglob("*.proto"))]
    includes = pathlib.Path(protoc.__file__).parent / "_proto"
    code = protoc.main(["protoc", f"-I{protos}", f"-I{includes}", f"--python_out={into}", f"--grpc_python_out={into}", *files])
    if code:
        sys.exit(f"the protos could not be compiled: {code}")
    sys.path.insert(0, into)


def main() -> None:
    address, protos = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        generate(protos, scratch)
        from helpline.directory.v1 import counsellor_pb2, counsellor_service_pb2 as people, counsellor_service_pb2_grpc
        from helpline.directory.v1 import token_service_pb2 as tokens, token_service_pb2_grpc
        from helpline.intake.v1 import contact_pb2, contact_service_pb2 as contacts, contact_service_pb2_grpc
        from helpline.intake.v1 import message_service_pb2 as messages, message_service_pb2_grpc
        from helpline.options.v1 import options_pb2
        from helpline.queueing.v1 import offer_service_pb2 as offers, offer_service_pb2_grpc
        from helpline.queueing.v1 import presence_service_pb2 as presence, presence_service_pb2_grpc
        from helpline.terms.v1 import terms_pb2

        channel = grpc.insecure_channel(address)
        new = lambda: str(uuid.uuid4())
        bearer = lambda token: (("authorization", f"Bearer {token}"),)
        administrator = bearer(os.environ["HELPLINE_ADMINISTRATOR"])
        adapter = bearer(os.environ["HELPLINE_ADAPTER"])

        created = counsellor_service_pb2_grpc.CounsellorServiceStub(channel).CreateCounsellor(
            people.CreateCounsellorRequest(
                request_id=new(),
                counsellor=counsellor_pb2.Counsellor(
                    display_name="Python", languages=["ar", "en"], capacity=counsellor_pb2.Capacity(voice=1, chats=2)
                ),
            ),
            metadata=administrator,
        ).counsellor
        secret = token_service_pb2_grpc.TokenServiceStub(channel).CreateToken(
            tokens.CreateTokenRequest(
                request_id=new(), role=options_pb2.ROLE_COUNSELLOR, label="python", counsellor_id=created.counsellor_id
            ),
            metadata=administrator,
        ).secret
        counsellor = bearer(secret)

        presence_service_pb2_grpc.PresenceServiceStub(channel).GoReady(
            presence.GoReadyRequest(request_id=new()), metadata=counsellor, timeout=5
        )
        offering = offer_service_pb2_grpc.OfferServiceStub(channel)
        stream = offering.WatchOffers(offers.WatchOffersRequest(), metadata=counsellor, timeout=60)

        intake = contact_service_pb2_grpc.ContactServiceStub(channel)
        received = intake.ReceiveContact(
            contacts.ReceiveContactRequest(
                request_id=new(),
                channel=terms_pb2.CHANNEL_WEB_CHAT,
                external_id=new(),
                display_name="سلمى",
                language="ar",
                risk=terms_pb2.RISK_HIGH,
            ),
            metadata=adapter,
            timeout=5,
        )
        offer = next(event.opened for event in stream if event.HasField("opened"))
        assert offer.contact_id == received.contact.contact_id, "another contact was offered"
        accepted = offering.AcceptOffer(
            offers.AcceptOfferRequest(request_id=new(), offer_id=offer.offer_id), metadata=counsellor, timeout=5
        ).contact
        ended = next(event.ended for event in stream if event.HasField("ended"))

        writing = message_service_pb2_grpc.MessageServiceStub(channel)
        for who, text in ((adapter, "مرحبا 👋"), (counsellor, "أهلا، أنا هنا")):
            writing.SendMessage(
                messages.SendMessageRequest(
                    request_id=new(), contact_id=offer.contact_id, message_id=new(), text=text
                ),
                metadata=who,
                timeout=5,
            )
        reading = writing.WatchMessages(
            messages.WatchMessagesRequest(contact_id=offer.contact_id), metadata=counsellor, timeout=60
        )
        read = [next(reading).message for _ in range(2)]
        reading.cancel()

        closed = intake.CompleteContact(
            contacts.CompleteContactRequest(
                request_id=new(),
                contact_id=offer.contact_id,
                closing=contact_pb2.Closing(
                    kind=contact_pb2.CONTACT_KIND_COUNSELLING,
                    categories=["violence.physical"],
                    gender=contact_pb2.GENDER_FEMALE,
                    age_band=contact_pb2.AGE_BAND_13_15,
                    region="unknown",
                    action_taken=contact_pb2.ACTION_TAKEN_COUNSELLED,
                    summary="تم الاستماع",
                ),
            ),
            metadata=counsellor,
            timeout=5,
        ).contact
        stream.cancel()

        try:
            intake.GetContact(contacts.GetContactRequest(contact_id="not-an-id"), metadata=counsellor, timeout=5)
            refused = None
        except grpc.RpcError as error:
            refused = error.code().name
        print(
            json.dumps(
                {
                    "outlook": received.outlook,
                    "display_name": accepted.display_name,
                    "ended": ended.state,
                    "messages": [[message.sequence, message.author, message.text] for message in read],
                    "state": contact_pb2.ContactState.Name(closed.state),
                    "refused": refused,
                }
            )
        )


if __name__ == "__main__":
    main()
