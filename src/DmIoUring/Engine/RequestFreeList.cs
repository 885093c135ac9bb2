using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace DmIoUring.Engine;

/// <summary>
/// Requests that an engine's owner keeps at hand, taken and given back without an exchange. Those of a pool that other threads
/// use too go back to it when the callback has returned that might have used one again.
/// </summary>
/// <remarks>They are linked by their places in the pool: a link by reference would be told to the garbage collector each time.</remarks>
internal sealed class RequestFreeList(RequestPool pool, bool keepsAll)
{
    private const int None = -1;
    private Request?[] _byIndex = new Request?[16];
    private int _first = None;

    /// <summary>Takes a request. The owner.</summary>
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

    /// <summary>As <see cref="Take"/>, but no request beyond the reserve.</summary>
    public bool TryTake([NotNullWhen(true)] out Request? request)
    {
        if (_first < 0)
            return pool.TryTake(out request);
        request = Take();
        return true;
    }

    /// <summary>Puts a request that has ended at hand. The owner.</summary>
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

    /// <summary>Takes back a request that was not used. The owner.</summary>
    public void Return(Request request)
    {
        if (keepsAll)
            Put(request);
        else
            pool.Return(request);
    }

    /// <summary>The callback has returned: what it left is everybody's.</summary>
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
