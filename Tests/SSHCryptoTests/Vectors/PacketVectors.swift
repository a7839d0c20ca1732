// Printed by Tests/Vectors/make_crypto_vectors.py, which says what it is made with. Do not edit.

import SSHCrypto
import Testing

/// Packets of one connection's direction as another implementation seals them.
struct PacketVector: Sendable, CustomTestStringConvertible {
    let cipher: CipherAlgorithm
    let mac: MACAlgorithm?
    let key: String
    let iv: String
    let macKey: String
    /// Sequence number, the plain bytes behind the length field, and everything as it goes over the wire. Hex.
    let packets: [(sequence: UInt32, plain: String, sealed: String)]

    var testDescription: String { "\(cipher) \(mac.map(String.init(describing:)) ?? "") iv \(iv)" }
}

extension PacketVector {
    static let all: [PacketVector] = [
        PacketVector(
            cipher: .chacha20Poly1305, mac: nil,
            key:
                "8b58894fdac1770b39b751a7cab6acf4289c87ca79d2865d79e4e478c42659fa2d575ff58bbe71990fd60235ab274da91533717861145510646518033217570a",
            iv: "",
            macKey: "",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "b6402e85c88f3bab68364179bc82ba99e3a43d4e6b5f8c09accadefeb46ac81881447656"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "a1bcdd089e34b78f11d47de9838d159072260a346143ca714536e97d42e80d1d3331b99116e95c3ab896d01622614b307b55aedacd7981c41644803321cde829fd1ab9bf"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "676f8e1a727b15757bb4b3f8bbe30e612c8dcf36e2c7891b22c457cffb85b8cdf797eb2dba79930d0cb965f7d3042ba29558d3ffb45d1c4f1221dd6f2b6d92597165d69acdc49d44bd053b62997e88d44b012ca8fdf8da91a278bcb7bb691743683f99fa522474710ae76de74998a7229c0270ca62cce48783012c5b39b0ee1543c3fb14d31b432015e8103037ad36c64d9769641deda7228ca9915c41e4da34a40f2fa7"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "f01a282c4abf1b9bd0fc410967960c01743aabaf4086f3bd990809dc133c1926fe0d42da5b4013aa46d21cb71e4026498bbf1a6a"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "7ab5059bdd99750f714736a26a83ca31971f3642a353e75c4ad251ebbfd3f22ee3b13994"
                ),
            ]),
        PacketVector(
            cipher: .aes256GCM, mac: nil,
            key: "6d27c5b594c39e7aa91fe617f05d8fb8bcd7283b0a2a8bc29853336ff0b06ff6",
            iv: "66cb61df97fbc78debe3b0e2",
            macKey: "",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "0000001001aa79ae4e49bbc0396d91bab682711ed10815645fb5e294fc957d1155c53800"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "0000003051b7c9f32e4d31d85f919c2cd7838a520b0470d999026df77bc71c9ca89886bd8d9a342327e46fcffa8e4221dfeab5dd5a92ca60208861de5d3613be09051fd0"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "00000090eb32a6c8b997c918f235321beae79ef54a3c945df7169831ccff5bad92a08d16f52568792780dee2ae09c719c234500cd75a430c5d4fadb8af4a381fd846cef0e7c172a1757ca848f56499923e5cf3419ae2406871014bd999526f0c40465107760f088f240a76f0cd5ebf43b3aa25b4918e76a518a4a28cc948bfa0568899a447990372327eab0f0f41295873db2e4cdfbeac0e7fb3c32743628c67f0b1351f"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "0000002093a5e936ede4fa31568d18cf8bde0540029cb030599cb57663863cd028263b09a5780738c52795ca619fca4f59d008bd"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010dab045e09dd57f364e00fd3c96e549b1f72cf8b9b058ef7f6bf3f3a3c6fbc9e2"
                ),
            ]),
        PacketVector(
            cipher: .aes256GCM, mac: nil,
            key: "6d27c5b594c39e7aa91fe617f05d8fb8bcd7283b0a2a8bc29853336ff0b06ff6",
            iv: "66cb61dffffffffffffffffe",
            macKey: "",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "00000010aeed0128d771fb1861e154784d9f11b68b1a409ffd0c6b031d7b97618757f3f8"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "000000301124681103550922f5797073ca0337d4b3aa9964efe9c31ef008ac826d564cf2ee39e1a36145b0c36797741f8310568825e4eb6b75e9f1ef70a7cf2c1d98e2b2"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "00000090a69f03e023afa28ed8df38fcdade63e0a16b5c66e75ce71119968ca6ba71be4bbd611bf884d5f2bb65996f561a94bb2beb8721063f7dca643be7902bc02a59b3f0cea315395a3dec38bd91780ddaab3595f38b9db52253ad3e9b84fa1787e538504eccded2903d2b7b54a803149dd104ebd69249897df592e737325a6325aa36c2a50250829384acd0818f453ffd7f7a9fd5cbf127561e425c6cca58141c1ac4"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "00000020e3d35c9f3337865b0f15f5146da4c7fe789898f17a2bbabff875d00231496c9f3c1423633254b313bf154ebde1841fea"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010f334febabf65cfb47126995a430d9217e3a84852f9d039d22e3a422388c17a8e"
                ),
            ]),
        PacketVector(
            cipher: .aes128GCM, mac: nil,
            key: "2ac6cafdf5e9b22cff142bfbebd56f26",
            iv: "7981f682784e2c4b7ac1d8e8",
            macKey: "",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "000000102918c88e0b397c32c72b33d6de1b3a5195342dab10945d41c41dbcedca5b12b3"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "00000030e1d045502c4a659528f2da4a469b202271a6c7684240489b42aba6e405c487215c82ac2e47fc3dc9c11360654b0b9959249bdb0f1019b8d96f92188fe8163796"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "00000090e7d81d40783cf39c2e853ad08a19fbc16eeb88252b81eeff530e4c3e277f5a616f1b9aabc0a9f89e78f86a3a69eb2675435c372bd988d60fec9d08dcdda542fc88e6a2dd00446bd7c6e828154c7875f672fa52181d6d2802d4885933989cda37e37e315b271dbe6aaaf7bc56be4dd612c90bd10b39ddffc9b5ea123593c5a1ccbb22e6ccc243707197e812cea51d357a3436e14dcccfb3884d5df042048b3ec8"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "000000209794817eb8933b8a49f496314c1971909db01eeb167022ea6bd864bcf444afc17e4abcc726ca9817da4bc5e370265fd0"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010ea964237ea118d96b53d903492466e197393949e8a98975a3921f5f530ff032c"
                ),
            ]),
        PacketVector(
            cipher: .aes128GCM, mac: nil,
            key: "2ac6cafdf5e9b22cff142bfbebd56f26",
            iv: "7981f682fffffffffffffffe",
            macKey: "",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "00000010bc8d3bcf5b3e12244d0adb6fcac1cfff14bebd5f9955843e3a0677c4487f0bdc"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "000000303cbcb8a4d17f9707a18130a073efab48c84f46674182b6a556b892e6b66e17e32e4596545f4392a95e9bb43c602d14294a98b3d235ffbc5b3e1d3d00a026f640"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "000000903f59e98d3e6eb9444f2e9c4dbb48d5e5c6eef2bc518e03acec0078442c84db44d1786fba3dd2454d29dec84cdab912e54ea81039eb53146a3fef2e291781e606c4e47f9b71d33cfd1290adf05d327ceeec521c538e499766f627950108bbb54d66c78ee22e4cb96d985201d5e50656018f39454f81c71f0b7e5f94e80b577283bf591479605041b270dee2a8087bc7478a7a5faf6f668cc28179512a163d4db6"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "00000020c73ab5a39ddd29cc996579999e50535dcc4243b1749c271250f1cb1675b1ce82a541495fcb75973bbbca4220a24bbc33"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010deba11fc85fc4090b615b2456c22d9c66705f5ea9f1d6a28c02f89b907209314"
                ),
            ]),
        PacketVector(
            cipher: .aes256CTR, mac: .hmacSHA256ETM,
            key: "dece0f20d57768b3a2acfd674532e738a5f4d0ff2bb695ad9c10c02d079a476b",
            iv: "058d0942369bc51b9528eb8c2da1ba00",
            macKey: "6932bf91d40ac7cdc2a7fd4bf67393690eec0c08450fa12fdc58473b3e381ccb",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "000000105e7a0aa8d41286a03567f4e30bdd5b57d25d56f1818c5ee095aee1a142a107c6926669777f56eabffd40cce0b5696f12"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "00000030f40d4104eaa7ed68b2f91de35475885eed705af9a7083ac059131a150faa1a14506fc84319d1bcc86ae7f2ffd1b368a0404e2f7c1e90bcfd1806750e65fe3184eda76120b7ee3549c9e95b343c04779b"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "00000090fb9f6bc35a2820d347837d64de4849439e4058b93d0bdcd70d7b6674c64ca640adc9d15c5888d34e7039c9b5fa9d29c1719ff2e1cd701ed962b80b3b12d49207abdcd046e107370205f12118ad4c8a7c7c06d59fb4beb710b5e0910a4cfc9c0aeb865628b6c5daff6697415a03393fe0da89783a114f8d2f5deb94e9d0d121621873c3b7399de18f6dc339b09296e49a448ed06016d2ef08cc834b9313f9accc2b35d5d9eb02edb6868eaec1adc56873"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "00000020405afbd64f0eea3c6e84d52d95742678661b5ca4410a910e5b0f6c868556195b3ca099b7b915a7c34d6cc821bbfbcb799648571bdefe32007a7094bb628f8f4b"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "000000100b470cd568668523d19dc9029d1cb803faf7c9705ce5156c649b2b57ce73b22a929f9c98eca5f31ba4d70e6566a364a8"
                ),
            ]),
        PacketVector(
            cipher: .aes256CTR, mac: .hmacSHA256ETM,
            key: "dece0f20d57768b3a2acfd674532e738a5f4d0ff2bb695ad9c10c02d079a476b",
            iv: "fffffffffffffffffffffffffffffffe",
            macKey: "6932bf91d40ac7cdc2a7fd4bf67393690eec0c08450fa12fdc58473b3e381ccb",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "0000001076bad7e030a2b9c67fa7f60ab5ed1039ae5a015546e1b5985ae8f3582940ee7938043271689886eebb91c4f9a4dc74eb"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "000000309f8d27f7f6c73dcc3e44d2e142df1f157cfca085ba1754664bc03303a2b7fd0aa6e69eb847ce473467f52dcc623b429bda10b390216dd3e2d78ae68561b9acd5aea953baabb4f2576f8477e303469a73"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "0000009058422911bf7a32f1b90f26c04a4e2c4e44e50a7d423ffea5e6fbaa6f4aaf93555e7eed8408cb2cd17e726d48222822c891d2cc9e0025d2638b35e5b1991996d5b56c265e58d24dc7a22b9cd43b89fd9ec4035add72a0ffede21f8ca530920dc7603538fecb2994342183cf24d0f8d83f1f16459822b242703bd0edc8969777939d2b58db8abd85c6deb4210671996b599180657655b74f23ec676dd242095189aca3f29e6c0b25fdf6110fdb6d5ae282"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "0000002075c7d5fd9640017ff1fb7f2df8ed732994e4af01d4ddcbc73e831fe91bb853b7883f9a1f233b664d460ea9c7a24f782e77a4474b9b51951d0ce73bef07394969"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "000000101ffc6e20e8a8e44bff4cc919bf44e9e8f5f8c87fce7e13f6b3b6684f4a40dd93688f174d47d2c08f6950c7a150b757e4"
                ),
            ]),
        PacketVector(
            cipher: .aes256CTR, mac: .hmacSHA512ETM,
            key: "dece0f20d57768b3a2acfd674532e738a5f4d0ff2bb695ad9c10c02d079a476b",
            iv: "058d0942369bc51b9528eb8c2da1ba00",
            macKey:
                "e7c51dddaed57ee1440d73aaa7c4fe9b62ca31270c5d19089a923f70e58dc41a46c18569154dfd8db598395198c89a912795bd0b5cbd36dfd28c2c63bdb403fc",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "000000105e7a0aa8d41286a03567f4e30bdd5b57d28e905625f7a96a0384d39c7e0929e97e8be23b2d5d08092c5e5369b6a8f9e15c04cb5e77a8b888f8e544b437987ab52eda0b5ada860c5424d84b03cb362f57"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "00000030f40d4104eaa7ed68b2f91de35475885eed705af9a7083ac059131a150faa1a14506fc84319d1bcc86ae7f2ffd1b368a0f3d8f3b54d6dc08434a6e181a73f62b716a8cdb935a4baa39ef1118ed8cbeacf87071b8b1104b3a292fb79e6d9a5235b9c813df91e718e3144aa7d919bd6ddcc"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "00000090fb9f6bc35a2820d347837d64de4849439e4058b93d0bdcd70d7b6674c64ca640adc9d15c5888d34e7039c9b5fa9d29c1719ff2e1cd701ed962b80b3b12d49207abdcd046e107370205f12118ad4c8a7c7c06d59fb4beb710b5e0910a4cfc9c0aeb865628b6c5daff6697415a03393fe0da89783a114f8d2f5deb94e9d0d121621873c3b7399de18f6dc339b09296e49aa8f8033ed41216eba72d48283cad661e39da43680b27346f550de13163f8875f611bc60fdb4c1bc3ccc9d01a68065958e5a404847d5de12589436abceb2331c6"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "00000020405afbd64f0eea3c6e84d52d95742678661b5ca4410a910e5b0f6c868556195b2c4f456d560a4c6077823f2e34306590eac43547616280ac839215d29f9583473a1275699e606d29b3c269e2f2614f6fd629922e8d9876185e27b5530c16fda2"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "000000100b470cd568668523d19dc9029d1cb803a3dd751f89d3713e13f016d8d436be20e0e512ca66c8524969931ef029974dccd7d7481efc28460b006079cd688bd482e39a69de6302da80bb87725c5cd76e8a"
                ),
            ]),
        PacketVector(
            cipher: .aes256CTR, mac: .hmacSHA512ETM,
            key: "dece0f20d57768b3a2acfd674532e738a5f4d0ff2bb695ad9c10c02d079a476b",
            iv: "fffffffffffffffffffffffffffffffe",
            macKey:
                "e7c51dddaed57ee1440d73aaa7c4fe9b62ca31270c5d19089a923f70e58dc41a46c18569154dfd8db598395198c89a912795bd0b5cbd36dfd28c2c63bdb403fc",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "0000001076bad7e030a2b9c67fa7f60ab5ed103944f3cd7f4793a96eeb854a8150ea5af85da95aca666ccbf949582d851c02057cee7c140cf59d7cb64a818ed915010cb9b784e0fa232272c3101fb7a9319b84f3"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "000000309f8d27f7f6c73dcc3e44d2e142df1f157cfca085ba1754664bc03303a2b7fd0aa6e69eb847ce473467f52dcc623b429b6be95910b8a7bab3fa1f5c68146a04ccab5eb514b52ed1cadff6c682f142b72b0aa100aeaa92dc82e2c98c425dcd253b4284f483236f1b93f73b271b8aaa57c1"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "0000009058422911bf7a32f1b90f26c04a4e2c4e44e50a7d423ffea5e6fbaa6f4aaf93555e7eed8408cb2cd17e726d48222822c891d2cc9e0025d2638b35e5b1991996d5b56c265e58d24dc7a22b9cd43b89fd9ec4035add72a0ffede21f8ca530920dc7603538fecb2994342183cf24d0f8d83f1f16459822b242703bd0edc8969777939d2b58db8abd85c6deb4210671996b59de96533b9ff59813264a3fbcb3ebe40c5a956a26b36fb4c0d5ea2194409356b789f83679852dfcfaa95fa4493d13b84136576259b6e5721994811190af8322c6"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "0000002075c7d5fd9640017ff1fb7f2df8ed732994e4af01d4ddcbc73e831fe91bb853b74f6b0df55602574471fcb39e765efed582d154dfbf506c0bb30894902237cf950319f88d90a93ba73b9cb0840c55e166cfe07cb6a29b8f216a704adb49d258ca"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "000000101ffc6e20e8a8e44bff4cc919bf44e9e893646cd862700480b3858d6fa9f62a3b7715158d5d7e1b99ba82f0343ff24d4078c0dee4da05fce983bc2920b44252948eb26bcba0470b9a3e0b2d80921ec8ac"
                ),
            ]),
        PacketVector(
            cipher: .aes128CTR, mac: .hmacSHA256ETM,
            key: "c89734cb8e64c49d1edeae8c523fe6da",
            iv: "d3d8cbec4787da21f35c076bb2cee4ac",
            macKey: "6a1b1933baae2a97f48e4fc71a5c1ce49cbabe3467793d4b07137be388a22092",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "00000010d35457313384c060b4865400da5ee6816d43ae9667a4ebad15ab66e9dc80e61befed8e93cbb9416d5bfb9de75cb8cb69"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "0000003072cc93fd783b551acc9dad302c2e15950137b9c4ff3ec2d7efcc57a0f91adda5db26d303cef2a588244ecdccc319774bc4096579433a07978725785b8f2e5658b309ddfe649a36af4721470d61e0a60b"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "000000908ef13974cd4d3e258d75e19a285e62c404dd98760df01a32825177c769890c25196b6dab0ecc88e99f3aa8790e69e5dcbd61943c75eccab967627a96bb579ce7954687975afdc1fcb2034813003eb3e4f31712bd7bb1314e2fb746ff6a14c4d3b8bee68380fafe72266ef6fdc6b11c788a4fafac1844c1f0750d75dba549c70fe9df4a9a9ba38b5ced723e5af46faad1b21428420220613fc5ddafd75b563c4e0d9c90a9e65a55b0ab1369769e55b15f"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "000000208499c526b0a838238e0c19afa84f03fefd56f6fc146ae71415dbc29aaa3c4fa8d1a8d53b281a204d14f56ff79383ab9dc66a07f8ed78e11c8079adf45f0d2cea"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010ec7c1e3a7a25740deea11e12f066066923119abb3d6c298f72e360345c7b0c4aef18a2a0391034f5cb78c7ae27bfe89c"
                ),
            ]),
        PacketVector(
            cipher: .aes128CTR, mac: .hmacSHA256ETM,
            key: "c89734cb8e64c49d1edeae8c523fe6da",
            iv: "fffffffffffffffffffffffffffffffe",
            macKey: "6a1b1933baae2a97f48e4fc71a5c1ce49cbabe3467793d4b07137be388a22092",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "00000010ad2ceec67a889c09e67e04168e94c6de171a2871787d32404f09fe649281e331d0946fbfc3315ab684ead3f791dce6aa"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "0000003086d8723594cfabc0c3c970243300edd6a865e7d023ec3652db90ddbd0d0751e6fe0e04d92b32435d84056702263f8de78ad61f2c6b38ca3ba05b0b55eae5220bfdb8ba9ba39a7c4e512a478bc6f2c21a"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "0000009000a09813d72d7c575d9ac078591ee10d0441db97465595778c223a167afe365a010ae7561cce0b6b71557e123346591dfa781ba47670a04610e9bf549f51d1a6b6b3ed094961c8edc3c68afdb889f7b8a35e452336085fdf4535376d39ec3ebe336f657dd4e0f6d941d2b536d9b15561e466ebb90f0833fa4f69375e7b4e9f8c3a090fcc1a1b287dd79949bee754e7443c15e25fd27afd99da9a98b158733e97de010ae08d7dd5dcd5ae011e232e8309"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "00000020a0813953e6ba8e59add385be0c7def1378606eecf565f6bbf5d01f16302ed1ddedd80c59de82e875cedb5ba2790ce2d9057326597c684d8da05d5a50431dfe16"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010bdd347495943d7c1778f4d9ee09b2d03d584c8cbd9c3ea081597d077a67d11ba23d9ef1f57f37d83e7ce7d66a59e5515"
                ),
            ]),
        PacketVector(
            cipher: .aes128CTR, mac: .hmacSHA512ETM,
            key: "c89734cb8e64c49d1edeae8c523fe6da",
            iv: "d3d8cbec4787da21f35c076bb2cee4ac",
            macKey:
                "961917e2870a6b9ca216ff7253bdcba9291825cd5704f5dad280b057b09650fc7daa5eb05b93ea158c02c067b8f53f01196f90e1c9acf87bd0ed4aec4fa7bc37",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "00000010d35457313384c060b4865400da5ee681847a807828069f497e97f421c7efe3d3c2983097d277802dd7b16ac50421dc1277eb94d1d6c911f678a5821f7377f3f9e1f311c8bb14354e4e8d3edc4b5ca5de"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "0000003072cc93fd783b551acc9dad302c2e15950137b9c4ff3ec2d7efcc57a0f91adda5db26d303cef2a588244ecdccc319774b5b824b2b1d669d6e865e1d4e4e7a6263b580859eca579f84093f8efb030f0b61dc27bc14ea62b1745144d2ba53de7bdaeff0d274f59592064a2be8df74df383f"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "000000908ef13974cd4d3e258d75e19a285e62c404dd98760df01a32825177c769890c25196b6dab0ecc88e99f3aa8790e69e5dcbd61943c75eccab967627a96bb579ce7954687975afdc1fcb2034813003eb3e4f31712bd7bb1314e2fb746ff6a14c4d3b8bee68380fafe72266ef6fdc6b11c788a4fafac1844c1f0750d75dba549c70fe9df4a9a9ba38b5ced723e5af46faad1365e0ed73bbc6069ac786d4e3c1e8bb5650f169229f538bada3e19fed624099da10733ddd2eb0333243ff99c03f94b2c4875787b7396e3e3d5f15bd9e8711faa"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "000000208499c526b0a838238e0c19afa84f03fefd56f6fc146ae71415dbc29aaa3c4fa873a95556207a6fba6ed6f5f85c6a5e32698f78012adbc81aa0618c4359010162a4c8cc17655b9de88aafe028d54eb77595482d7261486928db99ad2a2c016878"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010ec7c1e3a7a25740deea11e12f06606693be05061e7ab9f8e2b4c53b2aa276df64d947c76e1ddd2ab541d7e1641d154f9a0bb01141b5758e199d3ce20c9e14a4d41832f3c43bcd14bbe3a2493817345b2"
                ),
            ]),
        PacketVector(
            cipher: .aes128CTR, mac: .hmacSHA512ETM,
            key: "c89734cb8e64c49d1edeae8c523fe6da",
            iv: "fffffffffffffffffffffffffffffffe",
            macKey:
                "961917e2870a6b9ca216ff7253bdcba9291825cd5704f5dad280b057b09650fc7daa5eb05b93ea158c02c067b8f53f01196f90e1c9acf87bd0ed4aec4fa7bc37",
            packets: [
                (
                    3,
                    "6d6458442688c593a24b3bb242d913d2",
                    "00000010ad2ceec67a889c09e67e04168e94c6de301fcb742b80b95bfd4041620f8bbd79ebf01a250a59b64ef742a6f3a646ed6a7f00e96af3b3f59020cc132e9df0696cee6d3210fa1c02d2404328a424fb0d24"
                ),
                (
                    4,
                    "a4d643b2e76ded937c714e4b3ea753827f8babcaa7ce0fe2c5d793b838316fe28816d70e0534d681b30ebc38e5d74afc",
                    "0000003086d8723594cfabc0c3c970243300edd6a865e7d023ec3652db90ddbd0d0751e6fe0e04d92b32435d84056702263f8de7ff6f2da2cbb86b41a02705de7d7ef3fba0b86e88a7a8395f3b0b6cc8dd2bd2fdbf4c0edd1c5b7d8ee8d5491923de60aadbc3945ef45e9f2f5d9ea7d318cc929d"
                ),
                (
                    5,
                    "534aefabb544e82ff03feec6124005f7aff419b82be4039029517a60701ab328406a40b13e91f58487a85caea29765c271b07063162f296e7e803a6e4271afd0070aa2e43c646003f80d0b9cfdf633e76183077962b69c3e0c3f5fbad80adab1a6694dc42b8ffb1a2b0dea0353d0c2187e5458743e289761ce36c5b685e4eec453c2b64b66e423c91974364d911d93ce",
                    "0000009000a09813d72d7c575d9ac078591ee10d0441db97465595778c223a167afe365a010ae7561cce0b6b71557e123346591dfa781ba47670a04610e9bf549f51d1a6b6b3ed094961c8edc3c68afdb889f7b8a35e452336085fdf4535376d39ec3ebe336f657dd4e0f6d941d2b536d9b15561e466ebb90f0833fa4f69375e7b4e9f8c3a090fcc1a1b287dd79949bee754e744ca83a21d6cfd6befff94936bc629169eb469b7f8e3695934e0baa45cea6ba65c69968620d35105fbd1e3bc8c0563e85441a22cdd7ab3491fc95f444afadf4d1b"
                ),
                (
                    4294967295,
                    "3af59e1cd3de76227eba507f970e95a245df86978de68571c9324786b441487c",
                    "00000020a0813953e6ba8e59add385be0c7def1378606eecf565f6bbf5d01f16302ed1dd3542836f98ac4167ac8861dd64ad879da6e04090c6ce24eed942a18317fb0dc8010aeb6f0352d2efb985a25cccc0ab45a9445caa3f3a850884756399a96dbfa6"
                ),
                (
                    0,
                    "4718602d6093dc88378b7ad89942de6c",
                    "00000010bdd347495943d7c1778f4d9ee09b2d03fad85df6be0a4d292e219aff004ad54aea498f5746f6c5d95c7e6717a416d3abd93f481b9b2f602412fa08abf54db5dff0a0579a2b828827fd89f8edd6c3543d"
                ),
            ]),
    ]
}
