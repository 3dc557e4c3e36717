"""Calls one method as grpcurl does, for what the README says to do with it: JSON in, JSON out, metadata by -H.

grpcurl is a program that tests cannot take for granted. Reads the protos from HELPLINE_PROTOS.
"""

import os
import pathlib
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc


def pool(protos: pathlib.Path) -> descriptor_pool.DescriptorPool:
    """Everything the protos define."""
    files = [str(path.relative_to(protos)) for path in sorted(protos.rglob("*.proto"))]
    includes = pathlib.Path(protoc.__file__).parent / "_proto"
    with tempfile.NamedTemporaryFile() as out:
        if protoc.main(["protoc", f"-I{protos}", f"-I{includes}", "--include_imports", f"--descriptor_set_out={out.name}", *files]):
            sys.exit("the protos could not be compiled")
        found = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())
    known = descriptor_pool.DescriptorPool()
    for file in found.file:
        known.Add(file)
    return known


def main() -> None:
    rest, metadata, data = sys.argv[1:], [], "{}"
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag == "-H":
            name, _, value = rest.pop(0).partition(": ")
            metadata.append((name.lower(), value))
        elif flag == "-d":
            data = rest.pop(0)
        elif flag != "-plaintext":
            sys.exit(f"unknown flag {flag}")
    address, path = rest
    service, _, name = path.partition("/")
    method = pool(pathlib.Path(os.environ["HELPLINE_PROTOS"])).FindServiceByName(service).FindMethodByName(name)
    request = json_format.Parse(data, message_factory.GetMessageClass(method.input_type)())
    answer = message_factory.GetMessageClass(method.output_type)
    call = grpc.insecure_channel(address).unary_unary(
        f"/{path}", request_serializer=lambda sent: sent.SerializeToString(), response_deserializer=answer.FromString
    )
    try:
        print(json_format.MessageToJson(call(request, metadata=metadata, timeout=20)))
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
