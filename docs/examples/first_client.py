"""A web application that signs people in with Personae (OpenID Connect, code flow with PKCE).

    pip install aiohttp authlib httpx2 joserfc
    python first_client.py http://localhost:8080 CLIENT_ID CLIENT_SECRET

Open http://localhost:9999. Nothing here knows Personae: any OpenID provider would do.
"""

import secrets
import sys

import httpx2
from aiohttp import web
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

PORT = 9999
REDIRECT = f"http://localhost:{PORT}/callback"
SCOPE = "openid profile email offline_access"


async def discovered(issuer):
    """Return the provider's metadata and keys."""
    async with httpx2.AsyncClient() as http:
        metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        keys = KeySet.import_key_set((await http.get(metadata["jwks_uri"])).json())
    return metadata, keys


class Site:
    """A page that shows who is signed in, kept in memory for one browser."""

    def __init__(self, issuer, client_id, client_secret):
        self.issuer = issuer
        self.client = AsyncOAuth2Client(
            client_id, client_secret, redirect_uri=REDIRECT, scope=SCOPE,
            code_challenge_method="S256",
        )  # fmt: skip
        self.sign_in = self.tokens = None

    async def home(self, _request):
        """Send the browser to the provider, or show who is signed in."""
        metadata, _ = await discovered(self.issuer)
        if self.tokens is None:
            nonce, verifier = secrets.token_urlsafe(), secrets.token_urlsafe(48)
            url, state = self.client.create_authorization_url(
                metadata["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
            self.sign_in = (state, nonce, verifier)
            raise web.HTTPFound(url)
        about = await self.client.get(metadata["userinfo_endpoint"])
        return web.json_response(about.json())

    async def callback(self, request):
        """Exchange the code, check the ID token, go home."""
        metadata, keys = await discovered(self.issuer)
        state, nonce, verifier = self.sign_in
        if request.query.get("state") != state or request.query.get("iss") != self.issuer:
            raise web.HTTPBadRequest(text="this answer is not to our question")
        self.tokens = await self.client.fetch_token(
            metadata["token_endpoint"], code=request.query["code"], code_verifier=verifier
        )
        claims = jwt.decode(self.tokens["id_token"], keys).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client.client_id},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        raise web.HTTPFound("/")

    async def refresh(self, _request):
        """Get new tokens for the refresh token."""
        metadata, _ = await discovered(self.issuer)
        self.tokens = await self.client.refresh_token(metadata["token_endpoint"])
        raise web.HTTPFound("/")

    async def sign_out(self, _request):
        """End the session at the provider too."""
        metadata, _ = await discovered(self.issuer)
        hint, self.tokens = self.tokens["id_token"], None
        query = {"id_token_hint": hint, "post_logout_redirect_uri": f"http://localhost:{PORT}/bye"}
        raise web.HTTPFound(str(httpx2.URL(metadata["end_session_endpoint"], params=query)))

    async def bye(self, _request):
        """Say goodbye."""
        return web.Response(text="Signed out.")

    def app(self):
        """Return the application."""
        app = web.Application()
        for path, handler in (
            ("/", self.home), ("/callback", self.callback), ("/refresh", self.refresh),
            ("/sign-out", self.sign_out), ("/bye", self.bye),
        ):  # fmt: skip
            app.router.add_get(path, handler)
        return app


if __name__ == "__main__":
    web.run_app(Site(*sys.argv[1:4]).app(), host="localhost", port=PORT)
