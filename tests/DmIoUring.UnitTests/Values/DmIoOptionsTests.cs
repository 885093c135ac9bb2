using System.Globalization;
using System.Reflection;

namespace DmIoUring.UnitTests.Values;

public sealed class DmIoOptionsTests
{
    [Fact]
    public void Defaults_AreValid() => new DmIoOptions().Validate();

    [Fact]
    public void WhatIsChangedLater_IsForTheNextClient()
    {
        int processor = Thread.GetCurrentProcessorId();
        int[] processors = [processor];
        DmIoOptions options = new() { Ring = IoRingKind.Workers, LaneProcessors = processors, DisposeTimeLimit = TimeSpan.FromSeconds(7) };
        using DmIoClient client = new(options);
        options.Lanes = 3;
        options.DisposeTimeLimit = TimeSpan.Zero;
        processors[0] = -1;
        DmIoOptions taken = (DmIoOptions)typeof(DmIoClient).GetField("_options", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(client)!;
        Assert.Equal((1, TimeSpan.FromSeconds(7)), (taken.Lanes, taken.DisposeTimeLimit));
        Assert.Equal([processor], taken.LaneProcessors);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(DmIoOptions.MaxQueueDepth)]
    public void QueueDepth_AtItsLimits_IsValid(int value) => new DmIoOptions { QueueDepth = value }.Validate();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(DmIoOptions.MaxQueueDepth + 1)]
    [InlineData(int.MaxValue)]
    public void QueueDepth_PastItsLimits_IsRefused(int value) =>
        AssertRefused(new DmIoOptions { QueueDepth = value }, nameof(DmIoOptions.QueueDepth), value, "1 to 32768");

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void Lanes_AtItsLimits_IsValid(int value) => new DmIoOptions { Lanes = value }.Validate();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65)]
    public void Lanes_PastItsLimits_IsRefused(int value) =>
        AssertRefused(new DmIoOptions { Lanes = value }, nameof(DmIoOptions.Lanes), value, "1 to 64");

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public void SyncRings_AtItsLimits_IsValid(int value) => new DmIoOptions { SyncRings = value }.Validate();

    [Theory]
    [InlineData(-1)]
    [InlineData(4097)]
    public void SyncRings_PastItsLimits_IsRefused(int value) =>
        AssertRefused(new DmIoOptions { SyncRings = value }, nameof(DmIoOptions.SyncRings), value, "0 to 4096");

    [Theory]
    [InlineData(4096)]
    [InlineData(12288)]
    [InlineData(DmIoOptions.MaxChunkBytes)]
    public void ChunkBytes_AtItsLimits_IsValid(int value) => new DmIoOptions { ChunkBytes = value }.Validate();

    [Theory]
    [InlineData(0, "4096 to 1073741824")]
    [InlineData(-4096, "4096 to 1073741824")]
    [InlineData(2048, "4096 to 1073741824")]
    [InlineData(DmIoOptions.MaxChunkBytes + 4096, "4096 to 1073741824")]
    [InlineData(4097, "a multiple of 4096 bytes")]
    [InlineData(6144, "a multiple of 4096 bytes")]
    public void ChunkBytes_PastItsLimits_IsRefused(int value, string rule) =>
        AssertRefused(new DmIoOptions { ChunkBytes = value }, nameof(DmIoOptions.ChunkBytes), value, rule);

    private static void AssertRefused(DmIoOptions options, string option, int value, string rule)
    {
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(options.Validate);
        Assert.Equal(option, refused.ParamName);
        Assert.Equal(value, refused.ActualValue);
        Assert.Contains(option, refused.Message, StringComparison.Ordinal);
        Assert.Contains(value.ToString(CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        Assert.Contains(rule, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_HasEveryOption_AndWhatIsInLists()
    {
        string text = new DmIoOptions { Lanes = 2, LaneProcessors = [0, 1] }.ToString();

        Assert.All(typeof(DmIoOptions).GetProperties(), property => Assert.Contains($" {property.Name} = ", text, StringComparison.Ordinal));
        Assert.Contains("Lanes = 2,", text, StringComparison.Ordinal);
        Assert.Contains("LaneProcessors = [0, 1] }", text, StringComparison.Ordinal);
    }
}
