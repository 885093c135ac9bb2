using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>A lock-free stack of free requests. Any thread may push and pop.</summary>
/// <remarks>
/// Slots are linked by index. The head has a tag that changes with every exchange, so that a slot that was popped and pushed meanwhile is recognized
/// (the ABA problem). Slots never move, because a thread may write one while another thread adds slots. A slot whose request is in use
/// holds no reference to it.
/// </remarks>
internal sealed class RequestStack
{
    /// <summary>The most requests that a client can have.</summary>
    public const int MaxRequests = RowLength * MaxRows;

    private const int RowLength = 256;
    private const int MaxRows = 4096;
    private const uint None = uint.MaxValue;
    private readonly Slot[]?[] _rows = new Slot[MaxRows][];
    private readonly Stack<int> _freed = new();
    private int _made;
    private ulong _head = None;

    /// <summary>The head, whose value never repeats; for tests.</summary>
    public ulong Head => Volatile.Read(ref _head);

    /// <summary>A slot for a new request. The caller must hold the pool's lock.</summary>
    public int AllocateSlot()
    {
        if (_freed.TryPop(out int freed))
            return freed;
        int index = _made;
        if (index == MaxRequests)
            throw new InvalidOperationException($"{MaxRequests} requests are under way or were never awaited; await some first.");
        if (index % RowLength == 0)
        {
            // Reserves the memory for FreeSlot, which must not fail.
            _freed.EnsureCapacity(index + RowLength);
            Volatile.Write(ref _rows[index / RowLength], new Slot[RowLength]);
        }

        _made = index + 1;
        return index;
    }

    /// <summary>Frees the slot of a request that is not on the stack. The caller must hold the pool's lock.</summary>
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

            ref Slot slot = ref At(index);
            uint next = Volatile.Read(ref slot.Next);
            if (Interlocked.CompareExchange(ref _head, Tagged(head, next), head) != head)
                continue;
            request = slot.Request!;
            slot.Request = null;
            return true;
        }
    }

    public void Push(Request request)
    {
        uint index = (uint)request.Index;
        ref Slot slot = ref At(index);
        slot.Request = request;
        while (true)
        {
            ulong head = Volatile.Read(ref _head);
            Volatile.Write(ref slot.Next, (uint)head);
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
