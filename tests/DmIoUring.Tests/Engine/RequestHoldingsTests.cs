using System.Buffers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Tests.Client;

namespace DmIoUring.Tests.Engine;

/// <summary>Memory in a request's keeping: the right bytes while it has them, everything given back afterwards.</summary>
public sealed unsafe class RequestHoldingsTests
{
    private const int Length = 12_288;

    public static TheoryData<BufferShape, bool> Shapes
    {
        get
        {
            TheoryData<BufferShape, bool> data = [];
            foreach (BufferShape shape in Enum.GetValues<BufferShape>())
            {
                data.Add(shape, false);
                data.Add(shape, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AnyMemory_IsItsBytes_AndIsLetGoOf_AndTheHoldingsAreUsedAgain(BufferShape shape, bool copied)
    {
        using DmIoClient client = new();
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(3);
        RequestHoldings holdings = new();
        byte[] bytes = Pattern.Bytes(Length);
        byte[] seen = new byte[Length];
        for (int round = 0; round < 3; round++)
        {
            // Its pages go back to their pool here, which throws while they are held.
            using ShapedBuffer shaped = new(client, shape, Length);
            shaped.Fill(bytes);
            PageList copy = copied ? pool.Rent(3) : default;
            RequestBuffer held = holdings.Hold(shaped.Buffer, copy, report: null);
            if (copied)
                shaped.Fill(new byte[Length]);
            fixed (byte* to = seen)
                held.CopyTo(held.Seek(0), to, Length);
            Assert.Equal(bytes, seen);
            Assert.Equal(copied ? 0 : 3, pool.Counters.Free);
            holdings.LetGo();
            Assert.Equal(3, pool.Counters.Free);
        }
    }

    [Fact]
    public void PagesInKeeping_CantBeReturned_UntilTheyAreLetGoOf()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(2);
        PageList pages = pool.Rent(2);
        RequestHoldings holdings = new();
        holdings.Hold(pages, default, report: null);
        Assert.Throws<InvalidOperationException>(pages.Dispose);
        holdings.LetGo();
        holdings.LetGo();
        pages.Dispose();
        Assert.Equal(2, pool.Counters.Free);
    }

    [Fact]
    public void PinnedMemory_IsUnpinnedOnce()
    {
        using CountingMemory memory = new(4096);
        RequestHoldings holdings = new();
        holdings.Hold(IoBuffer.From(memory.Memory), default, report: null);
        Assert.Equal((1, 0), (memory.Pins, memory.Unpins));
        holdings.LetGo();
        holdings.LetGo();
        Assert.Equal((1, 1), (memory.Pins, memory.Unpins));
    }

    [Fact]
    public void ACopyOfMemoryThatIsGone_IsRefused_AndItsPagesGoBack()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(1);
        IoMemory gone = IoMemory.Allocate(4096);
        IoBuffer buffer = gone;
        gone.Dispose();
        RequestHoldings holdings = new();
        PageList copy = pool.Rent(1);
        Assert.Throws<ObjectDisposedException>(() => holdings.Hold(buffer, copy, report: null));
        holdings.LetGo();
        Assert.Equal(1, pool.Counters.Free);
    }

    [Fact]
    public void AReport_IsClearedWhenItIsTaken_AndForgottenWhenItIsLetGoOf()
    {
        IoReport report = new();
        report.Add(new IoFailure(3, 0, 5, IoFailureCause.Device));
        RequestHoldings holdings = new();
        holdings.Hold(default, default, report);
        Assert.Same(report, holdings.Report);
        Assert.Equal(IoFailureCause.None, report[3].Cause);
        holdings.LetGo();
        Assert.Null(holdings.Report);
    }

    /// <summary>Counts who pins it.</summary>
    private sealed class CountingMemory(int length) : MemoryManager<byte>
    {
        private readonly IoMemory _memory = IoMemory.Allocate(length);

        public int Pins { get; private set; }

        public int Unpins { get; private set; }

        public override Span<byte> GetSpan() => _memory.GetSpan();

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            Pins++;
            return new MemoryHandle(_memory.Pointer, pinnable: this);
        }

        public override void Unpin() => Unpins++;

        protected override void Dispose(bool disposing) => _memory.Dispose();
    }
}
