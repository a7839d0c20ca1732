/// Which Towline this is.
package enum Version {
    /// The number that `--version` prints and that terminals report: of the next release, until it is out.
    package static let text = "0.1.0"
}
