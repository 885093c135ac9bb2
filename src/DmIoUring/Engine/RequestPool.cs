using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// Requests at rest. Any thread takes and returns them without a lock; only growing takes one. It keeps as many as were
/// ever out at once, and nothing of one whose owner never took its result.
/// </summary>
/// <remarks>
/// A stack of places linked by index. The head carries a tag that changes with every exchange, so that a place which was
/// taken and returned meanwhile can't be mistaken for one that never left. Places never move: a thread may be about to
/// write one while another grows the pool.
/// </remarks>
internal sealed class RequestPool(CallbackReporter reporter)
{
    private const int RowLength = 256;
    private const int MostRows = 4096;
    private const uint None = uint.MaxValue;
    private readonly Lock _growing = new();
    private readonly Place[]?[] _rows = new Place[MostRows][];
    private int _count;
    private ulong _head = None;

    /// <summary>How many requests were made.</summary>
    public int Count => Volatile.Read(ref _count);

    public Request Take()
    {
        while (true)
        {
            ulong head = Volatile.Read(ref _head);
            uint index = (uint)head;
            if (index == None)
                return Grow();
            ref Place place = ref At(index);
            uint next = Volatile.Read(ref place.Next);
            if (Interlocked.CompareExchange(ref _head, Tagged(head, next), head) != head)
                continue;
            Request request = place.Request!;
            place.Request = null;
            return request;
        }
    }

    public void Return(Request request)
    {
        uint index = (uint)request.Index;
        ref Place place = ref At(index);
        place.Request = request;
        while (true)
        {
            ulong head = Volatile.Read(ref _head);
            Volatile.Write(ref place.Next, (uint)head);
            if (Interlocked.CompareExchange(ref _head, Tagged(head, index), head) == head)
                return;
        }
    }

    private static ulong Tagged(ulong old, uint index) => (((old >> 32) + 1) << 32) | index;

    private ref Place At(uint index) => ref Volatile.Read(ref _rows[index / RowLength])![index % RowLength];

    private Request Grow()
    {
        lock (_growing)
        {
            int index = _count;
            if (index == RowLength * MostRows)
                throw new InvalidOperationException($"{index} requests are under way or were never awaited; await some first.");
            if (index % RowLength == 0)
                Volatile.Write(ref _rows[index / RowLength], new Place[RowLength]);
            Volatile.Write(ref _count, index + 1);
            return new Request(reporter, this, index);
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Place
    {
        public Request? Request;
        public uint Next;
    }
}
