async def test_an_unknown_host_is_named_with_the_setting_that_helps(browser, site):
    page = await browser.get("/ui/login/login", headers={"Host": "id.example:443"})
    assert page.status == 404
    assert "opened as id.example:443" in page.text
    assert "PERSONAE_EXTERNAL_DOMAIN=id.example<" in page.text


async def test_programs_get_json(browser, site):
    browser.session.headers["Accept"] = "application/json"
    page = await browser.get("/ui/login/login", headers={"Host": "id.example"})
    assert page.status == 404
    assert page.text.startswith('{"code":5')


async def test_a_missing_page_leads_back_to_sign_in(browser):
    page = await browser.get("/ui/login/nowhere", headers={"Accept-Language": "de"})
    assert (page.status, page.title) == (404, "Seite nicht gefunden · Personae")
    assert 'href="/ui/login/login"' in page.text


async def test_a_wrong_method_is_a_page_too(browser):
    page = await browser.post("/ui/login/success")
    assert page.status == 405
    assert "Page not found" in page.text


async def test_a_fault_says_which_request_it_was(browser, site):
    page = await browser.get("/nowhere", headers={"X-Request-Id": "abcdef-123"})
    assert "abcdef-123" in page.text


async def test_a_bug_shows_nothing_of_itself(browser, site):
    site.services.texts = None
    page = await browser.get("/ui/login/loginname")
    assert page.status == 500
    assert "NoneType" not in page.text


async def test_styles_may_be_kept_for_good(browser):
    page = await browser.get("/ui/login/loginname")
    address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = await browser.get(address)
    assert "immutable" in style.headers["Cache-Control"]
    assert "--page" in style.text
