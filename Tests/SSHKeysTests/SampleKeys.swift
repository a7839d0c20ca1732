/// Public keys made by OpenSSH 9.2's ssh-keygen for these tests; nobody holds the private halves.
enum SampleKeys {
    static let ed25519 = """
        ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMTRrSVYsbL/pnHahyR9vmt7Egjrb9zHuBa2USQa5Cim alice@laptop
        """
    static let ecdsa256 = """
        ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOzoal0ImhYIo+hUyrvB1+gY9xfq8GItVuOLqk\
        Fbf4CotEJrt32G5h8zGS4giyUedGIn/ITaW3NkTG4w6WkZnEE= alice@laptop
        """
    static let ecdsa384 = """
        ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBIlhrw6wy2GCnc7ldjPnu9Ym+VAbXtVnDNdEAa\
        o8BDxnlq94KitOtJIPXn7cIw9IXGH55C/bpxKcrqTJcKKg8DaI1u9o29ouh3LF0vbFyZjuB9WXhtepZCTFczEl8I1c8w== alice@laptop
        """
    static let ecdsa521 = """
        ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBACguXSAh6jg4BbJowo5WFjFmMBwVg/A7gVnuL\
        J/uvNCHiCgK/q63agOGCxCG7EPowgdkTk7moZlmtUQwSjuHmuvJQCIGK0cWUuAZ56aTyV/tO6xIrSuL8O0lvV99+Q9Q+RwRaJd6/3eLNBdOlF4\
        bhg5ISFdoAqO8guKV6wRRjrAZ/EPkw== alice@laptop
        """
    static let rsa1024 = """
        ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDnU06A+2rNzTufqq/VbVLv2t2cMebnsZ8h81rgSsggEokbTFyFuSl8LXkpLfbr5XaA9hmrTy\
        8m7vKBxFvyyQTuEK+qntEmFHHFXIksp7v4ure9an9M8whn7uNykQ8FkZpxSWBrf5rKUoFX+CV2H9mUlmx+uj7qSx0EyJ7/UzBLnQ== \
        alice@laptop
        """
    static let rsa2048 = """
        ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDBhXsqym9oOqkpMDcrHm+B3gm1YxT86qtIYTWWZKndcbSC/I1AHLuPhlA5UgR+0ZJDLZEdMO\
        FWSKkDBJxgQsXtqZmt4YjUsjPxizfRkJX15CbcT0cA0KoEyHkeOGNDaZgQe2JOzAerG33U6K923rV9sa7fUrpnqYCfTx5STTA1bAXHq4JD4O2J\
        whd8cZVZgTmsUQf7GvsW9bf+dOWl/IrY+e6bExwWqT6rmjlkGnRhMzyf7tuH0xhQj1fcMepxhxizd8FNZwo07naF7XfzEymZY3iwpwXIns9A2y\
        H7HW5c0X6L3O1UQUAnp2kv1scKwJGzQa6/sDV0sUIsI1lzEBjL alice@laptop
        """
    static let rsa3072 = """
        ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDVcs4kLKbxxYXrtD34cCb4CMmbMGNRHPO/ymL6KxDRdfkXLcd6uI/n9WZKKOP+sNYD5GorUn\
        ByWks9853peIWW/U16rZwTdjX3jD9fsI9utffqYwRWU/L+a30dtI5OvAhhhehQ71RnH+Waj3Kpv2gIrA3XKx5cXOXzz+I74vxGBXlZs5DwIhiR\
        x16q0PsEsJiHYE52QzYDWRigYIIoZNVYbEPsn8sl3uRV/WlFr3JIp1FnjiImJUE4b3xOCyilhSabNK66uX9xXDPInP71vp34gV0jOkE2AtKK3V\
        mZrjaCF4Ev1+YGGz1dfwxlEsbvZEjvPcWuQ98z8VUGM+PMteYRpSkdMIU7iJauEIdPV3BaBBAz6kCLP9QYP48qUcFrqp9rA51LqD8mn86PNc2H\
        +0QP6P/62W3lBDlzlcIaPEg6pWHGxP8L09C4R2GsY14G3MZTn3vsp4ZP31cyHQjjwQ0hqAZBEF3DH832pmqVB1v6Rz5mobCRJpKZiRuXtrY6JM\
        0= alice@laptop
        """
    static let rsa8192 = """
        ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAEAQDLY2VxZVu1fPyXckJ+iTQyytkLu8Dg/GSimR8MLdpROq6jD+Dln9iqw7BWZT54a+ksYTkbyA\
        9gohn22YYbOVk9dNYWXUmD055mHeqaoUzdkZ/e5lz8eQWlrXGw9QSmMIE9CPrKjieoq2I/4q+onQZcrQ5Iv4gJwa+esxYqjGza2A709tEzClnF\
        BWQuW03fpbkMNVpJafWhzoYFXuQp07mYwIpw0Xq7GFeebsDI3EnX0GNH5Van9EyYtU5fsLm9G+/jI5J3cvEqoewj2ng3AxDLDu80mWRvphUln8\
        MNTPtEQVdjQN0R32GUgRM2tN1jMlhO4uo4D8XOufCN6Y44vHpu9AzXdl/C1rqpc43RuXrOPlBJeNOFnTSWcav0kI2weQvoL1T08gXO3ZU0cQDA\
        oNNfWNyku3iO6pisFTCv3jnaror2Tdj2ieTfqs/uqTDaQ4oJj65yz70mavlt1Uf2yL488qW+y6bk2lhndwQph4DIIERP8qgHwrCV5GvIeqyv6c\
        e1zXJapGxRD5wgZ/TcVmRrCnlAC5OcR830KhSijC8Q8yEUe8GQ7M4K05Zz39cTjhjphcHiVfbSugZjkiahxr/oI6YIP3TGPCuypBgmw8SFK2zX\
        5CVYAeVpOSpdt9DkQqwJzZ1ElYFl7WBZ3AS8qhY+XhLmlMOuT/UqGZBqkOhMGtawWCKbJsCGDUyZJxihkTtEQfnH51xIB+sw3kFZ9jnt6YwgrD\
        n7NqwLI6NHy0wiKTsbz+Vxev9xHpp4+WlBIFm4HxrR7QxJEiDAgU3w5ylRPUNNq05eDh2aez+wTm3rddk7rQ73zoNUtnAOeu/0LhhQfJIcDrsi\
        8WBrSewY/I2sUbGBrEA9IxwT4+xgja910/uoB2ltiWr6gil5/AdptPw1FfBmo1a56L9EEnKrHgPDhoxCMx2wF4IwMzeCAN42vjr6HKmizlrwhV\
        2ulif1nIOTMKAS3LO1aiRFiIuGao0YMPTQGvsyzTOISNOL4LJ3z20fYgpxBeOj5hMtlIX6XURRzm0Y/amszaoh0I/dQrOOrTKIGtQR9+XWu5O0\
        y1/Cyz7W3+v4Mk3mIX480xvybuX+mjGZ0hvdvSAYKPc0dyIo8xvrk8re+EUPg5omKIdEKI56RFHCXkilPeRTpKqS2h6udbcYOvM9mO7QRFI+3x\
        Gs9wH/AAs9Oxqg+hOjDVOnYfjmRyORuAjXtCOJ99P+Z0AIfT9QNn9cZKsifMJe2YoXDl7/QefwCrMxGUgltbrm/0Hb4vlX9xrIuHRFzTA9XuEE\
        4460Yh1yo7u3oMWD4zU6uCMnIr/u2dYFrPSA7zfY7VOAQRYwKHnL13USiInsAQTnR4ibBQo0AdPTzOTRAXqr alice@laptop
        """
    static let dsa1024 = """
        ssh-dss AAAAB3NzaC1kc3MAAACBALv4XDkoWr6thHpOsGKTfupYbiakAOUZ+BkniwFInpm6ILsoQW5z5C9z5IuGXIqgfvmBGTK8NUrZ2ZnKRw\
        gcFKMtjg2BS3HDbG4M9XUnV9WmilscK1klEWHVp1XddeSBREfSyj3driSw+m5yz3YoiJd+12BhMZHHBLtYwbtL5Jh3AAAAFQDd1kNPYw53+uJY\
        rC3Y9Z+HaLl6QwAAAIAJuwH6c38zIH176bSKcH8MGQeEkqH/KCIbKwZAwCq+ETZGooeCGDAQhoYamNw69COigZOdxTcfqtl5kpljUmm9L44Z8r\
        mrsuydIViTXuEShd6RM5I39148xF14jyEMik5L4Mqxfelg12FBgcyBB6WV1DB99RdadbzL3RjJJEb7nAAAAIBOih5XtzTpXJJr63V6EM83eJnu\
        RZMdHXe7ah8PHrnaZtdmj+ow7YMDBlT60M4YXZzsNfqUcMK98ds+6padi6rx2FhyvUiOwsku7bnrXHNLF44cznoEiR5V9GnNhpslqknNzKMQ10\
        h/zEzDKkXWhVEu8GlOG8UhcuY2c52XE+vOAg== d
        """
    static let certificate = """
        ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIEdZLL8ekMuGZKcEJunGm2+b2\
        nIg9fcIv/w8wneSdSQRAAAAIMTRrSVYsbL/pnHahyR9vmt7Egjrb9zHuBa2USQa5CimAAAAAAAAAAAAAAABAAAAAmlkAAAACAAAAARyb290AAA\
        AAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAA\
        AAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3N\
        zaC1lZDI1NTE5AAAAIMYJs63E5eTHTjOm6H6RjLDWmbbPNCkLk3bOKMWMPt8PAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEC2VdOqQlDIk+r9nBNir\
        sbxp9L2YlwwdVPDBG7N0F8j49sm4gmtd1iddzUlUyWOzc65OycX6rUGjl/4gejTrf4E alice@laptop
        """
}
