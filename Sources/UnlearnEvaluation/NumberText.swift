// Writes numbers for people: a fixed number of places, the same on every machine and in every locale.
import Foundation

/// Numbers as text.
public enum NumberText {
    /// A number with `places` decimals, such as "0.050"; never "-0.000".
    public static func decimal(_ value: Double, places: Int = 3) -> String {
        guard value.isFinite else { return value.isNaN ? "undefined" : value > 0 ? "infinite" : "-infinite" }
        let text = String(format: "%.\(places)f", value)
        let isNegativeZero = text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) }
        return isNegativeZero ? String(text.dropFirst()) : text
    }

    /// A share as a percentage, such as "5.0 %".
    public static func percent(_ share: Double, places: Int = 1) -> String {
        decimal(share * 100, places: places) + " %"
    }
}
