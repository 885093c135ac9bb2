using System.Globalization;
using System.Reflection;

namespace DmIoUring.UnitTests.Values;

/// <summary>What a client's lanes and a reactor have in common, of both.</summary>
public sealed class IoReactorOptionsTests
{
    [Fact]
    public void Defaults_AreValid_AndTheSameOfBoth()
    {
        IoReactorOptions reactor = new();
        DmIoOptions client = new();
        reactor.Validate();
        Assert.Equal(
            (client.QueueDepth, client.ChunkBytes, client.Ring, client.WorkerThreads, client.DisposeTimeLimit, client.RequestTimeLimit, client.FixedFiles, client.FixedBuffers),
            (reactor.QueueDepth, reactor.ChunkBytes, reactor.Ring, reactor.WorkerThreads, reactor.DisposeTimeLimit, reactor.RequestTimeLimit, reactor.FixedFiles, reactor.FixedBuffers));
        Assert.True(reactor.FixedFiles && reactor.FixedBuffers);
    }

    [Fact]
    public void WhatIsChangedLater_IsForTheNextReactor()
    {
        IoReactorOptions options = new() { Ring = IoRingKind.Workers, QueueDepth = 8 };
        using IoReactor reactor = new(options);
        options.QueueDepth = 16;
        options.CanBeWoken = true;
        IoReactorOptions taken = (IoReactorOptions)typeof(IoReactor).GetField("_options", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(reactor)!;
        Assert.Equal((8, false), (taken.QueueDepth, taken.CanBeWoken));
    }

    public static TheoryData<string, IoReactorOptions> Bad => new()
    {
        { nameof(IoReactorOptions.QueueDepth), new IoReactorOptions { QueueDepth = 0 } },
        { nameof(IoReactorOptions.QueueDepth), new IoReactorOptions { QueueDepth = IoDriverOptions.MaxQueueDepth + 1 } },
        { nameof(IoReactorOptions.ChunkBytes), new IoReactorOptions { ChunkBytes = 4097 } },
        { nameof(IoReactorOptions.ChunkBytes), new IoReactorOptions { ChunkBytes = 0 } },
        { nameof(IoReactorOptions.WorkerThreads), new IoReactorOptions { WorkerThreads = 0 } },
        { nameof(IoReactorOptions.WorkerThreads), new IoReactorOptions { WorkerThreads = 257 } },
        { nameof(IoReactorOptions.Ring), new IoReactorOptions { Ring = (IoRingKind)(-1) } },
        { nameof(IoReactorOptions.Ring), new IoReactorOptions { Ring = (IoRingKind)99 } },
        { nameof(IoReactorOptions.RequestTimeLimit), new IoReactorOptions { RequestTimeLimit = TimeSpan.Zero } },
        { nameof(IoReactorOptions.RequestTimeLimit), new IoReactorOptions { RequestTimeLimit = TimeSpan.FromDays(366) } },
        { nameof(IoReactorOptions.RequestTimeLimit), new IoReactorOptions { RequestTimeLimit = Timeout.InfiniteTimeSpan } },
        { nameof(IoReactorOptions.DisposeTimeLimit), new IoReactorOptions { DisposeTimeLimit = TimeSpan.FromTicks(-1) } },
        { nameof(IoReactorOptions.DisposeTimeLimit), new IoReactorOptions { DisposeTimeLimit = TimeSpan.FromDays(2) } },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void OutOfRange_IsRefused_ByTheConstructorToo_WithTheNameAndTheValue(string option, IoReactorOptions options)
    {
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => new IoReactor(options));
        Assert.Equal(option, refused.ParamName);
        Assert.NotNull(refused.ActualValue);
        Assert.Contains(option, refused.Message, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{refused.ActualValue}"), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AtTheirLimits_TheyAreValid()
    {
        new IoReactorOptions { QueueDepth = 1, ChunkBytes = 4096, WorkerThreads = 1, DisposeTimeLimit = TimeSpan.Zero, RequestTimeLimit = TimeSpan.FromTicks(1) }.Validate();
        new IoReactorOptions { QueueDepth = IoDriverOptions.MaxQueueDepth, ChunkBytes = IoDriverOptions.MaxChunkBytes, WorkerThreads = 256, DisposeTimeLimit = Timeout.InfiniteTimeSpan, RequestTimeLimit = TimeSpan.FromDays(365) }.Validate();
    }
}
