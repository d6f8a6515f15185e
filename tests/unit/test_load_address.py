"""Where a target is, as it is typed: read, or refused in a sentence."""

import pytest

from loadtests.clients.address import Access, Address, BadAddress, read_grpc, read_url


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("http://model", Address("model", 80), "model"),
        ("http://model:8080/", Address("model", 8080), "model:8080"),
        ("https://model", Address("model", 443, is_secure=True), "model"),
        ("https://model:80/serving/a/", Address("model", 80, is_secure=True, prefix="/serving/a"), "model:80"),
        ("http://[::1]:8080", Address("::1", 8080), "[::1]:8080"),
    ],
)
def test_an_url_is_read(url: str, address: Address, authority: str) -> None:
    assert read_url(url) == address
    assert address.authority == authority


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("model:8081", Address("model", 8081)),
        ("grpc://model:8081", Address("model", 8081)),
        ("http://model:8081/", Address("model", 8081)),
        ("grpcs://model:443", Address("model", 443, is_secure=True)),
        ("[::1]:9", Address("::1", 9)),
    ],
)
def test_an_address_of_grpc_is_read(text: str, address: Address) -> None:
    assert read_grpc(text) == address


def test_an_address_of_grpc_that_does_not_say_it_is_as_secure_as_it_is_told() -> None:
    assert read_grpc("model:8081", is_secure=True).is_secure
    assert not read_grpc("grpc://model:8081", is_secure=True).is_secure


@pytest.mark.parametrize("text", ["", "model", ":8081", "model:port", "model:8081/path", "ftp://model:8081", "a b:1"])
def test_what_is_no_address_of_grpc_is_refused(text: str) -> None:
    with pytest.raises(BadAddress, match="must be as HOST:PORT"):
        read_grpc(text)


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"": "c"}, {"a": "b\n"}, {"a": "\0"}])
def test_a_header_that_no_request_may_have_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadAddress, match="character"):
        Access(headers=headers)


def test_calls_go_by_a_name_of_their_own_or_by_the_host_that_is_given_or_by_the_address() -> None:
    address = Address("model", 8081)
    assert Access().authority(address) == "model:8081"
    assert Access(headers={"host": "a.example"}).authority(address) == "a.example"
    assert Access(headers={"Host": "a.example", ":authority": "b.example"}).authority(address) == "b.example"
