namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>What a mirror has besides. One with a feature that is not known is not opened: its metadata would become wrong.</summary>
[Flags]
internal enum MirrorFeatures : uint
{
    /// <summary>Every block of the data has a checksum.</summary>
    Checksums = 1,

    /// <summary>They hold for dirty regions too.</summary>
    WholeChecksums = 2,

    /// <summary>All that are known.</summary>
    All = Checksums | WholeChecksums,
}
