"""Passwords that everybody tries first. Those shorter than SHORTEST are not here: they are refused anyway."""

COMMON = frozenset(
    """
    12345678 123456789 1234567890 0123456789 9876543210 87654321 987654321 11111111 00000000 12341234 11223344
    12344321 123123123 121212121 11112222 147258369 123654789 789456123 741852963 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
    1qaz2wsx3edc qazwsxedc zaq12wsx zaq1zaq1 q1w2e3r4 q1w2e3r4t5 qwer1234 asdf1234 zxcv1234 1234qwer qwerty12 qwerty123
    qwerty1234 qwertyui qwertyuiop qwertzui qwertz123 azertyui azerty123 asdfghjk asdfghjkl zxcvbnm1 zxcvbnm123
    abcdefgh abcdefghi abcd1234 abcd12345 abc12345 abc123456 a1b2c3d4 a1234567 a12345678 aa123456 aa12345678 1234abcd
    12345abc 12345qwert password password1 password12 password123 password1234 passwort passw0rd p@ssword p@ssw0rd
    p@ssword1 p@ssw0rd1 p@$$w0rd passpass mypassword newpassword nopassword changeme changeme1 changeme123 change_me
    letmein1 letmein123 letmeinnow welcome1 welcome12 welcome123 welcome1234 iloveyou iloveyou1 iloveyou2 ilovemom
    sunshine sunshine1 princess princess1 football football1 baseball baseball1 basketball superman superman1 batman123
    spiderman starwars pokemon1 pokemon123 dragon123 monkey123 shadow123 master123 michael1 jennifer jonathan
    charlie1 computer computer1 internet internet1 whatever whatever1 trustno1 blink182 liverpool chocolate
    butterfly midnight mercedes corvette elephant diamond1 november december september samantha victoria alexander
    administrator admin123 admin1234 admin12345 adminadmin admin@123 administrator1 root1234 rootroot toor1234
    superuser test1234 testtest test12345 testing1 testing123 tester123 guest123 guestguest user1234 useruser
    demodemo demo1234 default1 default123 temp1234 temporary secret123 secretsecret topsecret hello123 hellohello
    helloworld cytomine cytomine1 cytomine123 atrisys1 atrisys123 pathology pathology1 pathology123 microscope
    hospital hospital1 hospital123 laboratory laboratory1 scanner1 5201314520 woaini520 woaini1314 a123456789 taiwan123
    """.split()  # noqa: SIM905 (a list of them would be a page long)
)
