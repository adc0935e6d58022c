// The layers of Inception-v3 as a table: names as in torchvision, widths as in the paper's table 1.

/// What stands where in an Inception-v3.
enum InceptionV3Plan {
    /// A convolution with its normalisation.
    struct Unit {
        let name: String
        var width: Int
        let rows: Int
        let columns: Int
        let stride: Int
        /// Whether zeros at the edges keep the size; otherwise there are none.
        let keepsSize: Bool

        func narrowed(by divisor: Int) -> Unit {
            var unit = self
            unit.width = width / divisor
            return unit
        }
    }

    enum Pooling { case none, mean, largest }

    struct Branch {
        var pooling = Pooling.none
        var units: [Unit] = []
        /// Units that read the same and stand side by side at the end.
        var fork: [Unit] = []
    }

    static let stem = [
        halving("Conv2d_1a_3x3", 32), shrinking("Conv2d_2a_3x3", 32), square("Conv2d_2b_3x3", 64, 3),
        shrinking("Conv2d_3b_1x1", 80, 1), shrinking("Conv2d_4a_3x3", 192),
    ]
    /// Which units of the stem the largest of 3 × 3 pixels follow.
    static let pooledStem = [2, 4]

    static let blocks: [(name: String, branches: [Branch])] = [
        ("Mixed_5b", small(pooled: 32)), ("Mixed_5c", small(pooled: 64)), ("Mixed_5d", small(pooled: 64)),
        ("Mixed_6a", firstHalving),
        ("Mixed_6b", long(128)), ("Mixed_6c", long(160)), ("Mixed_6d", long(160)), ("Mixed_6e", long(192)),
        ("Mixed_7a", secondHalving),
        ("Mixed_7b", wide), ("Mixed_7c", wide),
    ]

    /// 1 × 1, 5 × 5, two of 3 × 3.
    private static func small(pooled width: Int) -> [Branch] {
        [
            Branch(units: [square("branch1x1", 64, 1)]),
            Branch(units: [square("branch5x5_1", 48, 1), square("branch5x5_2", 64, 5)]),
            Branch(units: [
                square("branch3x3dbl_1", 64, 1), square("branch3x3dbl_2", 96, 3), square("branch3x3dbl_3", 96, 3),
            ]),
            Branch(pooling: .mean, units: [square("branch_pool", width, 1)]),
        ]
    }

    private static let firstHalving = [
        Branch(units: [halving("branch3x3", 384)]),
        Branch(units: [
            square("branch3x3dbl_1", 64, 1), square("branch3x3dbl_2", 96, 3), halving("branch3x3dbl_3", 96),
        ]),
        Branch(pooling: .largest),
    ]

    /// 7 × 7 as a row and a column.
    private static func long(_ width: Int) -> [Branch] {
        [
            Branch(units: [square("branch1x1", 192, 1)]),
            Branch(units: [
                square("branch7x7_1", width, 1), row("branch7x7_2", width, 7), column("branch7x7_3", 192, 7),
            ]),
            Branch(units: [
                square("branch7x7dbl_1", width, 1), column("branch7x7dbl_2", width, 7),
                row("branch7x7dbl_3", width, 7), column("branch7x7dbl_4", width, 7), row("branch7x7dbl_5", 192, 7),
            ]),
            Branch(pooling: .mean, units: [square("branch_pool", 192, 1)]),
        ]
    }

    private static let secondHalving = [
        Branch(units: [square("branch3x3_1", 192, 1), halving("branch3x3_2", 320)]),
        Branch(units: [
            square("branch7x7x3_1", 192, 1), row("branch7x7x3_2", 192, 7), column("branch7x7x3_3", 192, 7),
            halving("branch7x7x3_4", 192),
        ]),
        Branch(pooling: .largest),
    ]

    /// Branches that end in a row and a column side by side.
    private static let wide = [
        Branch(units: [square("branch1x1", 320, 1)]),
        Branch(
            units: [square("branch3x3_1", 384, 1)],
            fork: [row("branch3x3_2a", 384, 3), column("branch3x3_2b", 384, 3)]),
        Branch(
            units: [square("branch3x3dbl_1", 448, 1), square("branch3x3dbl_2", 384, 3)],
            fork: [row("branch3x3dbl_3a", 384, 3), column("branch3x3dbl_3b", 384, 3)]),
        Branch(pooling: .mean, units: [square("branch_pool", 192, 1)]),
    ]

    private static func square(_ name: String, _ width: Int, _ size: Int) -> Unit {
        Unit(name: name, width: width, rows: size, columns: size, stride: 1, keepsSize: true)
    }
    private static func row(_ name: String, _ width: Int, _ size: Int) -> Unit {
        Unit(name: name, width: width, rows: 1, columns: size, stride: 1, keepsSize: true)
    }
    private static func column(_ name: String, _ width: Int, _ size: Int) -> Unit {
        Unit(name: name, width: width, rows: size, columns: 1, stride: 1, keepsSize: true)
    }
    private static func shrinking(_ name: String, _ width: Int, _ size: Int = 3) -> Unit {
        Unit(name: name, width: width, rows: size, columns: size, stride: 1, keepsSize: false)
    }
    private static func halving(_ name: String, _ width: Int) -> Unit {
        Unit(name: name, width: width, rows: 3, columns: 3, stride: 2, keepsSize: false)
    }
}
