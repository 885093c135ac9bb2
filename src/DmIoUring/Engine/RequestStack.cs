using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>A stack of requests that any thread pushes to and pops from without a lock.</summary>
/// <remarks>
/// Places are linked by index. The head carries a tag that changes with every exchange, so that a place which was
/// taken and returned meanwhile can't be mistaken for one that never left. Places never move: a thread may be about to
/// write one while another adds to them. A place whose request is out holds no reference to it.
/// </remarks>
internal sealed class RequestStack
{
    /// <summary>Requests that a client can have at most.</summary>
    public const int MaxRequests = RowLength * MaxRows;

    private const int RowLength = 256;
    private const int MaxRows = 4096;
    private const uint None = uint.MaxValue;
    private readonly Slot[]?[] _rows = new Slot[MaxRows][];
    private readonly Stack<int> _freed = new();
    private int _made;
    private ulong _head = None;

    /// <summary>The head's word, which is never the same twice: for tests.</summary>
    public ulong Head => Volatile.Read(ref _head);

    /// <summary>A place for a new request. Under the owner's lock.</summary>
    public int AllocateSlot()
    {
        if (_freed.TryPop(out int freed))
            return freed;
        int index = _made;
        if (index == MaxRequests)
            throw new InvalidOperationException($"{MaxRequests} requests are under way or were never awaited; await some first.");
        if (index % RowLength == 0)
        {
            // Room to give each up again: that never fails.
            _freed.EnsureCapacity(index + RowLength);
            Volatile.Write(ref _rows[index / RowLength], new Slot[RowLength]);
        }

        _made = index + 1;
        return index;
    }

    /// <summary>Gives up the place of a request that is out. Under the owner's lock.</summary>
    public void FreeSlot(int index) => _freed.Push(index);

    public bool TryPop([NotNullWhen(true)] out Request? request)
    {
        while (true)
        {
            ulong head = Volatile.Read(ref _head);
            uint index = (uint)head;
            if (index == None)
            {
                request = null;
                return false;
            }

            ref Slot place = ref At(index);
            uint next = Volatile.Read(ref place.Next);
            if (Interlocked.CompareExchange(ref _head, Tagged(head, next), head) != head)
                continue;
            request = place.Request!;
            place.Request = null;
            return true;
        }
    }

    public void Push(Request request)
    {
        uint index = (uint)request.Index;
        ref Slot place = ref At(index);
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

    private ref Slot At(uint index) => ref Volatile.Read(ref _rows[index / RowLength])![index % RowLength];

    [StructLayout(LayoutKind.Auto)]
    private struct Slot
    {
        public Request? Request;
        public uint Next;
    }
}
