"""SAML 2.0 as doors share it: bounded XML, metadata, keys, who asks, what is answered."""
