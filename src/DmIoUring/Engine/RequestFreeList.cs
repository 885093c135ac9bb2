using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace DmIoUring.Engine;

/// <summary>
/// The free list of an engine's owner: requests that are taken and returned without an interlocked operation. Where other threads use the same pool,
/// the requests return to it when the callback, which might have reused one, has returned. Must be used on the owning thread.
/// </summary>
/// <remarks>They are linked by their indices in the pool: a link by reference would need the garbage collector's write barrier.</remarks>
internal sealed class RequestFreeList(RequestPool pool, bool keepsAll)
{
    private const int None = -1;
    private Request?[] _byIndex = new Request?[16];
    private int _first = None;

    /// <summary>Whose devices the requests may name; null for those of the kernel.</summary>
    public object? Home => pool.Home;

    /// <summary>Takes a request, from the pool when the list is empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Request Take()
    {
        int first = _first;
        if (first < 0)
            return pool.Take(mayWait: false);
        Request request = _byIndex[first]!;
        _first = request.NextFree;
        return request;
    }

    /// <summary>As <see cref="Take"/>, but takes no request beyond the reserve.</summary>
    public bool TryTake([NotNullWhen(true)] out Request? request)
    {
        if (_first < 0)
            return pool.TryTake(out request);
        request = Take();
        return true;
    }

    /// <summary>Adds a request that has ended; returns it to the pool when threads wait there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(Request request)
    {
        if (!keepsAll && pool.Waiting != 0)
        {
            pool.Return(request);
            return;
        }

        int index = request.Index;
        Request?[] byIndex = _byIndex;
        if ((uint)index >= (uint)byIndex.Length || byIndex[index] != request)
            AddToIndex(request);
        request.NextFree = _first;
        _first = index;
    }

    /// <summary>Returns a request that was not used.</summary>
    public void Return(Request request)
    {
        if (keepsAll)
            Put(request);
        else
            pool.Return(request);
    }

    /// <summary>Called when a callback has returned: the requests that it left return to the pool, unless this list keeps all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndCallback()
    {
        if (!keepsAll && _first >= 0)
            ReturnAll();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddToIndex(Request request)
    {
        if (request.Index >= _byIndex.Length)
            Array.Resize(ref _byIndex, Math.Max(_byIndex.Length * 2, request.Index + 1));
        _byIndex[request.Index] = request;
    }

    private void ReturnAll()
    {
        while (_first >= 0)
            pool.Return(Take());
    }
}
