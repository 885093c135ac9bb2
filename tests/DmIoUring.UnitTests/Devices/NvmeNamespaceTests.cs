using System.Buffers.Binary;
using DmIoUring.Devices;

namespace DmIoUring.UnitTests.Devices;

/// <summary>What a drive says of itself, byte by byte.</summary>
public sealed class NvmeNamespaceTests
{
    private readonly byte[] _namespace = new byte[NvmeNamespace.IdentifyBytes];
    private readonly byte[] _controller = new byte[NvmeNamespace.IdentifyBytes];
    private readonly byte[] _commandSet = new byte[NvmeNamespace.IdentifyBytes];

    public NvmeNamespaceTests()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_namespace, 1 << 20);
        _namespace[128 + 2] = 9;
        _namespace[128 + 4 + 2] = 12;
        _controller[77] = 4;
        _controller[520] = 4 | 8;
        _controller[525] = 1;
    }

    [Fact]
    public void AFormat_GivesTheBlockAndTheSize()
    {
        NvmeNamespace found = Parse();
        Assert.Equal((9, 1L << 20, 7u), (found.BlockShift, found.Blocks, found.Id));
        _namespace[26] = 1;
        Assert.Equal(12, Parse().BlockShift);
    }

    /// <summary>Identification descriptors: a UUID, then the command set; none for a drive older than these.</summary>
    [Fact]
    public void ZonesAndKeyValues_AreRefused()
    {
        byte[] descriptors = new byte[NvmeNamespace.IdentifyBytes];
        Assert.Equal(0, NvmeNamespace.CommandSetOf(descriptors));
        (descriptors[0], descriptors[1]) = (3, 16);
        (descriptors[20], descriptors[21], descriptors[24]) = (4, 1, 2);
        Assert.Equal(2, NvmeNamespace.CommandSetOf(descriptors));
        Assert.Contains("zones", Assert.Throws<IOException>(() => NvmeNamespace.RequireBlocks(2, "/dev/ng0n1")).Message, StringComparison.Ordinal);
        NvmeNamespace.RequireBlocks(0, "/dev/ng0n1");
    }

    [Fact]
    public void AFormatBeyondTheSixteenth_IsFoundByItsHighBits()
    {
        _namespace[128 + (17 * 4) + 2] = 12;
        _namespace[26] = 0x21;
        Assert.Equal(12, Parse().BlockShift);
    }

    [Theory]
    [InlineData(1, 8 << 10)]
    [InlineData(4, 64 << 10)]
    [InlineData(9, 256 << 10)]
    [InlineData(0, 256 << 10)]
    public void TransfersAreNoLargerThanTheDriveTakes(byte mdts, int bytes)
    {
        _controller[77] = mdts;
        Assert.Equal(bytes, Parse().MaxTransferBytes);
    }

    [Fact]
    public void ZeroesAndDiscards_HaveTheDrivesLimits()
    {
        Assert.Equal((64L << 10, (long)uint.MaxValue << 9), (Parse().MaxZeroesBytes, Parse().MaxDiscardBytes));
        _commandSet[1] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(_commandSet.AsSpan(4), 1000);
        Assert.Equal((16L << 10, 512_000L), (Parse().MaxZeroesBytes, Parse().MaxDiscardBytes));
        _controller[520] = 0;
        Assert.Equal((0L, 0L), (Parse().MaxZeroesBytes, Parse().MaxDiscardBytes));
    }

    [Fact]
    public void AVolatileCache_IsTold()
    {
        Assert.True(Parse().HasVolatileCache);
        _controller[525] = 0;
        Assert.False(Parse().HasVolatileCache);
    }

    [Fact]
    public void BlocksWithMetadata_AreRefused()
    {
        _namespace[128] = 8;
        Assert.Contains("8 bytes of metadata", Assert.Throws<IOException>(Parse).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(17)]
    public void BlocksOfNoUsableSize_AreRefused(byte shift)
    {
        _namespace[128 + 2] = shift;
        Assert.Contains($"2^{shift}", Assert.Throws<IOException>(Parse).Message, StringComparison.Ordinal);
    }

    private NvmeNamespace Parse() => NvmeNamespace.Parse(7, _namespace, _controller, _commandSet, "/dev/ng9n1");
}
