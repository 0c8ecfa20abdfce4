"""Flask itself, with a shorter way in front of it for a device at work on an attempt.

What is slow around every request and of no use here is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from apiflask import APIFlask
from flask import Request, Response, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue

from assess.web import files, packing, shortcut, templating
from assess.web.cookies import Cookies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Json(DefaultJSONProvider):
    """JSON, of which a thousand brackets inside each other are bad input like any other."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """What a text says. Raises ValueError, also for what Python's stack is too short for."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class Asked(Request):
    """What is asked of the application."""

    def __init__(self, environ: WSGIEnvironment, *more: Any, **others: Any) -> None:
        super().__init__(environ, *more, **others)
        if self.method == "HEAD":
            # For a view it is GET: one that took it for the other of its two would do its deed,
            # and no form token is looked for. The answer's body is left out by the environment.
            self.method = "GET"

    def _get_file_stream(self, *_: object, **__: object) -> BytesIO:
        """In memory, however large: more than a megabyte is refused, and no full disk is met."""
        return BytesIO()


class Site(APIFlask):
    """The application."""

    request_class = Asked
    json_provider_class = Json
    session_interface = Cookies()
    jinja_environment = templating.Pages

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: no view of ours is asynchronous, so nobody needs to ask a dozen times."""
        return func

    def send_static_file(self, filename: str) -> Response:
        """A file, packed if the browser takes it so."""
        ours = files.answer(str(self.static_folder), filename, request)
        return ours or super().send_static_file(filename)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """By the shortest way what may go by it, by all doors whatever else."""
        answer = shortcut.saved(self, environ, start_response)
        return super().wsgi_app(environ, start_response) if answer is None else answer

    def preprocess_request(self) -> ResponseReturnValue | None:
        """By all doors, if nothing went wrong before them."""
        failed = request.environ.get(shortcut.FAILED)
        if failed is not None:
            raise failed
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        """Packed, if it may be."""
        response = super().process_response(response)
        packing.pack(self, request, response)
        return response
