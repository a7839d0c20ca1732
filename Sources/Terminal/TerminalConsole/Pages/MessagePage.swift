import HTML

/// A page that only says something: not found, not allowed, busy.
enum MessagePage {
    /// The page.
    ///
    /// - Parameter next: where its button leads; Home if nil.
    static func page(_ title: String, _ text: String, _ speak: Speech, next: Address? = nil) -> Page {
        Page(
            title, nil,
            """
            <p class="lead">\(text)</p>
            <p class="buttons"><a class="btn btn-primary" href="\(next ?? Address("/"))">\(speak(.home))</a></p>
            """)
    }
}
