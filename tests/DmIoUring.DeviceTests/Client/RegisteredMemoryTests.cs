using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Transfers from and to memory of the embedder's own that the rings know, and from and to what lies around it.</summary>
public sealed unsafe class RegisteredMemoryTests
{
    private const int Size = 64 << 10;

    /// <summary>What is registered of it.</summary>
    private const int Start = 8 << 10;
    private const int End = 40 << 10;

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void WhereverTheBufferLies_TheBytesAreRight(CallWay way, DeviceKind kind)
    {
        using TestDevice device = new(kind);
        using IoMemory memory = IoMemory.Allocate(Size);
        byte* all = (byte*)memory.Pointer;
        using ClientUnderTest client = new(way);
        using MemoryRegistration registration = client.Pages.Register(all + Start, End - Start);
        client.Warm(device.Device);

        // Inside, all of it, from its start, to its end, and across either.
        foreach ((int offset, int length) in ((int, int)[])[(Start + 4096, 4096), (Start, End - Start), (Start, 8192), (End - 4096, 4096), (Start - 4096, 8192), (End - 4096, 8192), (0, Size), (End, 4096), (Start + 512, 4096)])
        {
            byte[] data = Pattern.Bytes(length, offset + length);
            data.CopyTo(memory.GetSpan()[offset..]);
            Assert.Equal(default, client.Write(device.Region(0, length / 512), IoBuffer.Contiguous(all + offset, length)));
            device.AssertHolds(0, data);

            memory.GetSpan().Clear();
            Assert.Equal(default, client.Read(device.Region(0, length / 512), IoBuffer.Contiguous(all + offset, length)));
            Assert.True(memory.GetSpan().Slice(offset, length).SequenceEqual(data), $"{offset}+{length}");
            Assert.Equal(-1, memory.GetSpan()[..offset].IndexOfAnyExcept((byte)0));
            Assert.Equal(-1, memory.GetSpan()[(offset + length)..].IndexOfAnyExcept((byte)0));
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void PiecesInsideAndOutside_InOneBuffer_AreRight(CallWay way)
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(Size);
        byte* all = (byte*)memory.Pointer;
        using ClientUnderTest client = new(way);
        using MemoryRegistration registration = client.Pages.Register(all + Start, End - Start);
        client.Warm(device.Device);
        foreach (int[] offsets in (int[][])[[Start, End - 4096, Start + 8192], [Start, End, Start + 4096], [End - 4096, 0, End + 4096]])
        {
            byte[] data = Pattern.Bytes(3 * 4096, offsets[1]);
            for (int i = 0; i < 3; i++)
                data.AsSpan(i * 4096, 4096).CopyTo(memory.GetSpan()[offsets[i]..]);
            IoVector[] vectors = [.. offsets.Select(offset => new IoVector(all + offset, 4096))];

            Assert.Equal(default, client.Write(device.Region(0, 24), IoBuffer.Vectors(vectors)));
            device.AssertHolds(0, data);
            memory.GetSpan().Clear();
            Assert.Equal(default, client.Read(device.Region(0, 24), IoBuffer.Vectors(vectors)));
            for (int i = 0; i < 3; i++)
                Assert.True(memory.GetSpan().Slice(offsets[i], 4096).SequenceEqual(data.AsSpan(i * 4096, 4096)));
        }
    }

    /// <summary>MADV_DONTNEED gives the address other pages, as unmapping and mapping does: a registration that was kept would write the old ones.</summary>
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void MemoryWithOtherPages_AfterItsRegistrationHasEnded_IsSeen(CallWay way)
    {
        const int dontNeed = 4;
        using TestDevice device = new();
        byte* memory = (byte*)Libc.Mmap(Size, FileAbi.PROT_READ | FileAbi.PROT_WRITE, FileAbi.MAP_PRIVATE | FileAbi.MAP_ANONYMOUS, -1, 0, out int errno);
        Assert.Equal(0, errno);
        using (ClientUnderTest client = new(way))
        {
            client.Warm(device.Device);
            for (int i = 1; i <= 20; i++)
            {
                byte[] data = Pattern.Bytes(4096, i);
                using (client.Pages.Register(memory, Size))
                {
                    data.CopyTo(new Span<byte>(memory, 4096));
                    Assert.Equal(default, client.Write(device.Region(0, 8), IoBuffer.Contiguous(memory, 4096)));
                    device.AssertHolds(0, data);
                }

                Assert.Equal(0, Libc.Madvise(memory, Size, dontNeed));
                data = Pattern.Bytes(4096, i + 100);
                data.CopyTo(new Span<byte>(memory, 4096));
                Assert.Equal(default, client.Write(device.Region(0, 8), IoBuffer.Contiguous(memory, 4096)));
                device.AssertHolds(0, data);
            }
        }

        Assert.Equal(0, Libc.Munmap(memory, Size));
    }

    /// <summary>Entries that name a registered buffer wait in the ring's queue when the registration ends.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public void RegistrationThatEnds_WhileEntriesAreQueued_FailsNone(int requests)
    {
        Require.KernelRing();
        using TestDevice device = new();
        using IoMemory memory = Pattern.Memory(Size);
        using IoReactor reactor = new();
        List<IoResult> results = [];
        for (int round = 0; round < 5; round++)
        {
            MemoryRegistration registration = reactor.Register(memory);
            reactor.SubmitWrite(device.Region(0, 8), memory.Slice(0, 4096), (result, _) => results.Add(result));
            reactor.Poll(1);
            for (int i = 0; i < requests; i++)
                reactor.SubmitWrite(device.Region(i * 8, 8), memory.Slice(i % 16 * 4096, 4096), (result, _) => results.Add(result));
            registration.Dispose();
            reactor.Poll(requests);
        }

        Assert.Equal(5 * (1 + requests), results.Count);
        Assert.All(results, static result => Assert.Equal(default, result));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void RegistrationsThatComeAndGo_WhileRequestsAreMade_FailNone(CallWay way)
    {
        using TestDevice device = new();
        using IoMemory memory = Pattern.Memory(Size);
        using ClientUnderTest client = new(way);
        client.Warm(device.Device);
        using CancellationTokenSource enough = new();
        Task changes = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
                client.Pages.Register(memory).Dispose();
        });
        for (int i = 0; i < 300; i++)
            Assert.Equal(default, client.Write(device.Region(i % 16 * 8, 8), memory.Slice(i % 16 * 4096, 4096)));
        enough.Cancel();
        Assert.True(changes.Wait(Notification.Limit));
        device.AssertHolds(0, memory.GetSpan());
    }

    [Fact]
    public void WhatIsNoMemory_IsRefused()
    {
        using DmIoClient client = new();
        using IoReactor reactor = new();
        IoMemory memory = IoMemory.Allocate(4096);
        Assert.Equal("start", Assert.Throws<ArgumentNullException>(() => client.Register(null, 4096)).ParamName);
        Assert.Equal("memory", Assert.Throws<ArgumentNullException>(() => reactor.Register(null!)).ParamName);
        foreach (long length in (long[])[0, -1, long.MinValue])
            Assert.Equal("length", Assert.Throws<ArgumentOutOfRangeException>(() => client.Register(memory.Pointer, length)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentOutOfRangeException>(() => client.Register((void*)(nuint.MaxValue - 10), 12)).ParamName);
        Assert.Throws<InvalidOperationException>(() => client.Register((void*)4096, long.MaxValue));
        using (client.Register(memory))
        {
            Assert.Throws<ArgumentException>(() => client.Register(memory));
            reactor.Register(memory).Dispose();
        }

        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Register(memory));
        client.Dispose();
        using IoMemory other = IoMemory.Allocate(4096);
        Assert.Throws<ObjectDisposedException>(() => client.Register(other));
    }

    /// <summary>What the kernel can't pin is used like any other memory, and the client says why.</summary>
    [Fact]
    public void MemoryThatIsNotThere_IsRefusedByTheKernel_AndOtherMemoryIsServed()
    {
        Require.KernelRing();
        using TestDevice device = new();
        using DmIoClient client = new();
        using MemoryRegistration nothing = client.Register((void*)(1L << 20), 4096);
        using IoMemory memory = Pattern.Memory(4096);

        Assert.Equal(default, client.WriteAsync(device.Region(0, 8), memory).AsTask().GetAwaiter().GetResult());

        device.AssertHolds(0, memory.GetSpan());
        Assert.False(client.PageRegistration.IsAvailable);
        Assert.Contains("EFAULT", client.PageRegistration.Reason, StringComparison.Ordinal);
    }
}
