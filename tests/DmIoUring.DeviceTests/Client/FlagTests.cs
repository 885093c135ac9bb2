using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What a request may ask for beyond its regions, on real devices.</summary>
public sealed class FlagTests
{
    private const IoFlags Both = IoFlags.Preflush | IoFlags.Fua;

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void PreflushAndFua_AloneAndTogether_WriteTheData(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10 });
        using TestDevice first = new(kind);
        using TestDevice second = new(kind);
        using IoMemory data = Pattern.Memory(64 << 10);
        IoFlags[] all = [IoFlags.Fua, IoFlags.Preflush, Both];
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(default, client.Write([first.Region(i * 128, 128), second.Region((i * 128) + 8, 120)], data, all[i]));
            Assert.Equal(default, client.Write(first.Region(512 + (i * 8), 8), data, all[i]));
            first.AssertHolds(i * 128, data.GetSpan());
            second.AssertHolds((i * 128) + 8, data.GetSpan()[..(120 * 512)]);
            first.AssertHolds(512 + (i * 8), data.GetSpan()[..4096]);
        }

        second.AssertUntouched(0, 8);
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void AFlushOfNoSectors_Succeeds_AndWritesNothing(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using TestDevice sibling = new(DeviceKind.Loop512);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(default, client.Write(device.Region(0, 0), data, IoFlags.Preflush));
        Assert.Equal(default, client.Write([device.Region(0, 0), sibling.Region(3, 0)], default, Both));
        Assert.Equal(default, client.Write([device.Region(0, 0), sibling.Region(8, 8)], data, IoFlags.Preflush));
        device.AssertUntouched();
        sibling.AssertHolds(8, data.GetSpan());
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ARegionThatCantBeWritten_TakesNoFlushFromItsSiblings(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice large = new(DeviceKind.Loop4096);
        using TestDevice file = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        IoResult result = client.Write([large.Region(1, 1), file.Region(0, 8), large.Region(large.Device.SectorCount, 8)], data, Both);
        Assert.Equal("0b100", result.Failed.ToString());
        Assert.Equal("0b1", result.Unsupported.ToString());
        file.AssertHolds(0, data.GetSpan());
        large.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void Priority_IsTakenByReadsAndWrites(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using IoMemory data = Pattern.Memory(4096);
        using IoMemory read = IoMemory.Allocate(4096);
        IoPriority[] priorities = [new(IoPriorityClass.BestEffort), new(IoPriorityClass.BestEffort, 7), new(IoPriorityClass.Idle)];
        for (int i = 0; i < priorities.Length; i++)
        {
            IoRequestOptions options = new(Priority: priorities[i]);
            Assert.Equal(default, client.Write(device.Region(i * 8, 8), data, options));
            read.GetSpan().Clear();
            Assert.Equal(default, client.Read(device.Region(i * 8, 8), read, options));
            Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void APriorityThatDoesNotExist_IsRefused(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoPriority[] wrong = [new(IoPriorityClass.BestEffort, 8), new(IoPriorityClass.BestEffort, -1), new((IoPriorityClass)4), new((IoPriorityClass)(-1))];
        foreach (IoPriority priority in wrong)
        {
            ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(device.Region(0, 8), data, new IoRequestOptions(Priority: priority)));
            Assert.Equal("options", refused.ParamName);
            Assert.Contains($"The priority {priority.Class}, level {priority.Level} does not exist", refused.Message, StringComparison.Ordinal);
        }

        device.AssertUntouched();
    }

    [Theory]
    [InlineData(IoFlags.Preflush)]
    [InlineData(IoFlags.Fua)]
    [InlineData(IoFlags.Atomic)]
    [InlineData(IoFlags.StableCopy)]
    public void FlagsOfWrites_OnReads_AreRefused_AndSayTheOperation(IoFlags flag)
    {
        foreach (CallWay way in Ways.Calls)
        {
            using ClientUnderTest client = new(way);
            using TestDevice device = new(DeviceKind.File);
            using IoMemory data = Pattern.Memory(4096);
            ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Read(device.Region(0, 8), data, flag));
            Assert.Equal("options", refused.ParamName);
            Assert.Contains($"{flag} belongs to writes; this is a Read", refused.Message, StringComparison.Ordinal);
            Assert.True(data.GetSpan().SequenceEqual(Pattern.Bytes(4096)));
        }
    }

    [Theory]
    [InlineData(IoFlags.Preflush)]
    [InlineData(IoFlags.Fua)]
    [InlineData(IoFlags.Atomic)]
    [InlineData(IoFlags.StableCopy)]
    public void FlagsOfWrites_OnOtherOperations_AreRefusedByName(IoFlags flag)
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        IoRegion[] regions = [device.Region(0, 8)];
        static void Never(IoResult result, object? context) => Assert.Fail("Called back.");
        (string Operation, Action Call)[] calls =
        [
            (nameof(IoOperation.Flush), () => client.SubmitFlush(regions, Never, options: flag)),
            (nameof(IoOperation.Discard), () => client.SubmitDiscard(regions, Never, options: flag)),
            (nameof(IoOperation.WriteZeroes), () => client.SubmitWriteZeroes(regions, Never, options: flag)),
            (nameof(IoOperation.Flush), () => client.FlushAsync(regions, flag).AsTask().Wait()),
            (nameof(IoOperation.Discard), () => client.DiscardAsync(regions, flag).AsTask().Wait()),
            (nameof(IoOperation.WriteZeroes), () => client.WriteZeroesAsync(regions, flag).AsTask().Wait()),
        ];
        foreach ((string operation, Action call) in calls)
        {
            ArgumentException refused = Assert.Throws<ArgumentException>(call);
            Assert.Contains($"{flag} belongs to writes; this is a {operation}", refused.Message, StringComparison.Ordinal);
        }

        client.Dispose();
        device.AssertUntouched();
        Assert.Equal(0, client.Statistics.CallbackExceptions);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void BitsThatMeanNothing_AreRefused(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(device.Region(0, 8), data, (IoFlags)0x50));
        Assert.Contains("0x50", refused.Message, StringComparison.Ordinal);
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void Atomic_WhereTheDeviceHasNone_IsUnsupported_WritesNothing(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using TestDevice sibling = new(DeviceKind.Loop512);
        using IoMemory data = Pattern.Memory(8192);
        Assert.SkipUnless(device.Device.AtomicWriteLimits.Max == 0, "this device has atomic writes");

        // All regions of a request carry the flag.
        IoResult result = client.Write([device.Region(0, 8), sibling.Region(16, 16), device.Region(8, 0)], data, IoFlags.Atomic);
        Assert.Equal("0b11", result.Unsupported.ToString());
        Assert.True(result.Failed.IsEmpty);
        Assert.Equal(new IoFailure(0, 0, Errno.EOPNOTSUPP, IoFailureCause.NotAtomic), result.First);
        device.AssertUntouched();
        sibling.AssertUntouched();
    }

    [Theory]
    [InlineData(false, BufferShape.Contiguous)]
    [InlineData(false, BufferShape.OddVectors)]
    [InlineData(false, BufferShape.ScatteredPagesFromTheSecondSector)]
    [InlineData(true, BufferShape.Contiguous)]
    [InlineData(true, BufferShape.Segments)]
    [InlineData(true, BufferShape.Pages)]
    public void StableCopy_OfABufferThatChangesInFlight_IsTheSameOnAllLegs(bool awaited, BufferShape shape)
    {
        const int length = 32 << 10;
        const int rounds = 30;
        using DmIoClient client = new(new DmIoOptions { ChunkBytes = 4096, QueueDepth = 4 });
        using TestDevice first = new(DeviceKind.Loop512);
        using TestDevice second = new(DeviceKind.Loop4096);
        using TestDevice third = new(DeviceKind.File);
        TestDevice[] legs = [first, second, third];

        // Fewer pages than all the copies take at once: submitters wait for those of others.
        using PageReservation reservation = client.Reserve(60);
        using ShapedBuffer buffer = new(client, shape, length);
        List<Task<IoResult>> results = [];
        for (int round = 0; round < rounds; round++)
        {
            buffer.Fill(Pattern.Bytes(length, round));
            IoRegion[] regions = [.. legs.Select(leg => leg.Region(round * (length / 512), length / 512))];
            if (awaited)
            {
                results.Add(client.WriteAsync(regions, buffer.Buffer, IoFlags.StableCopy).AsTask());
            }
            else
            {
                TaskCompletionSource<IoResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
                client.SubmitWrite(regions, buffer.Buffer, static (result, context) => ((TaskCompletionSource<IoResult>)context!).SetResult(result), done, IoFlags.StableCopy);
                results.Add(done.Task);
            }
        }

        Assert.True(Task.WhenAll(results).Wait(Notification.Limit));
        Assert.All(results, static result => Assert.Equal(default, result.Result));
        for (int round = 0; round < rounds; round++)
        {
            foreach (TestDevice leg in legs)
                leg.AssertHolds(round * (length / 512), Pattern.Bytes(length, round));
        }
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void StableCopy_AnyWay_WritesTheData_AndGivesItsPagesBack(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using IoMemory data = Pattern.Memory(64 << 10);
        using PageReservation reservation = client.Reserve(16);
        for (int i = 0; i < 20; i++)
            Assert.Equal(default, client.Write(device.Region(16, 128), data, IoFlags.StableCopy | Both));
        Assert.Equal(default, client.Write(device.Region(256, 0), default, IoFlags.StableCopy));
        device.AssertHolds(16, data.GetSpan());
        Assert.Equal(16, client.Pages.FreePages);
    }

    [Theory]
    [MemberData(nameof(Ways.ThatMayWait), MemberType = typeof(Ways))]
    public void StableCopy_LargerThanTheReserve_SaysWhatToDo_WritesNothing(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(8192 + 512);
        InvalidOperationException none = Assert.Throws<PageShortageException>(() => client.Write(device.Region(0, 17), data, IoFlags.StableCopy));
        Assert.Contains("3 pages can't be had: 0 are reserved in total. Reserve more first", none.Message, StringComparison.Ordinal);
        using (client.Reserve(2))
        {
            InvalidOperationException few = Assert.Throws<PageShortageException>(() => client.Write(device.Region(0, 17), data, IoFlags.StableCopy));
            Assert.Contains("3 pages can't be had: 2 are reserved in total. Reserve more first", few.Message, StringComparison.Ordinal);
        }

        device.AssertUntouched();
        using PageReservation enough = client.Reserve(3);
        Assert.Equal(default, client.Write(device.Region(0, 17), data, IoFlags.StableCopy));
        device.AssertHolds(0, data.GetSpan());
    }

    [Theory]
    [InlineData(CallWay.NestedCallback)]
    [InlineData(CallWay.Reactor)]
    [InlineData(CallWay.WorkerReactor)]
    public void StableCopy_WithoutFreePages_WhereNobodyMayWait_SaysWhatToDo(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(8192 + 512);
        using IoMemory read = IoMemory.Allocate(4096);
        using PageReservation reservation = client.Reserve(3);
        using (PageList rented = client.Pages.RentPages(1))
        {
            // Among requests that go well, so that it is made of one that has lived.
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(default, client.Read(device.Region(0, 8), read));
                InvalidOperationException none = Assert.Throws<PageShortageException>(() => client.Write(device.Region(0, 17), data, IoFlags.StableCopy));
                Assert.Contains("takes 3 pages, which are not free now", none.Message, StringComparison.Ordinal);
            }
        }

        device.AssertUntouched();
        Assert.Equal(3, client.Pages.FreePages);
        Assert.Equal(default, client.Write(device.Region(0, 17), data, IoFlags.StableCopy));
        device.AssertHolds(0, data.GetSpan());
        Assert.Equal(3, client.Pages.FreePages);
    }

    [Fact]
    public void FlushAndFua_OnADeviceWithoutAVolatileCache_AreDone()
    {
        Require.That(ZramDevice.WhyUnavailable());
        using ZramDevice zram = ZramDevice.Create(1 << 20);
        using BlockDevice device = BlockDevice.Open(zram.Path);
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoMemory back = IoMemory.Allocate(4096);
        IoRegion region = new(device, 8, 8);
        Assert.False(device.ReadAbilities().HasVolatileCache);

        Assert.Equal(default, client.Write(region, data, IoFlags.Preflush | IoFlags.Fua));
        Assert.Equal(default, client.Flush(region));

        Assert.Equal(default, client.Read(region, back));
        Assert.True(back.GetSpan().SequenceEqual(data.GetSpan()));
    }
}
