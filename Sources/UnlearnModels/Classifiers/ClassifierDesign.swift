// New classifiers by name and size.

public import UnlearnData
public import UnlearnFormats

/// The shape of a classifier that is to be trained from the start.
public struct ClassifierDesign: Configurable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case convnet, resnet18, resnet34, resnet50, vit
    }

    @Setting("The network.") public var kind = Kind.convnet
    @Setting(
        "The width of the first layer; 0: the usual one, 64 for ResNets, 32 for the ConvNet and 192 for "
            + "the ViT.", .within(0...4096))
    public var width = 0
    @Setting(
        "Whether a ResNet begins with a 3 × 3 convolution that keeps the size, as is usual for images of "
            + "32 pixels.")
    public var stemIsSmall = false
    @Setting(
        "How many such networks there are, each of which sees a part of the images: what exact "
            + "unlearning by shards needs.", .within(1...1024))
    public var shards = 1

    public init() {}

    /// config.json of the design for the images' channels and classes.
    public func configuration(for images: ImageSet) -> JSONValue {
        let member = memberConfiguration(for: images)
        return shards > 1 ? Sharded.configuration(of: member, count: shards) : member
    }

    private func memberConfiguration(for images: ImageSet) -> JSONValue {
        let layers: Int? =
            switch kind {
            case .convnet, .vit: nil
            case .resnet18: 18
            case .resnet34: 34
            case .resnet50: 50
            }
        if let layers,
            let numbers = ResNetConfiguration.standard(
                layers: layers, width: width > 0 ? width : 64, channelCount: images.channels,
                classNames: images.classNames, stemIsSmall: stemIsSmall)
        {
            return numbers.json
        }
        if kind == .vit {
            // ViT-tiny (Touvron et al. 2021, arXiv 2012.12877) with patches for small images.
            let width = width > 0 ? width : 192
            return ViTConfiguration(
                channelCount: images.channels, classNames: images.classNames, imageSize: images.height,
                patchSize: images.height % 4 == 0 ? 4 : 1, width: width, layerCount: 12,
                headCount: width % 64 == 0 ? width / 64 : 1, feedForwardWidth: 4 * width, normEpsilon: 1e-6
            ).json
        }
        let width = width > 0 ? width : 32
        return ConvNetConfiguration(
            channelCount: images.channels, classNames: images.classNames, widths: [width, 2 * width, 4 * width]
        ).json
    }
}
