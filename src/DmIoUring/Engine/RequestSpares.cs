using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace DmIoUring.Engine;

/// <summary>
/// Requests that an engine's owner keeps at hand, taken and given back without an exchange. Those of a pool that other threads
/// use too go back to it when the callback has returned that might have used one again.
/// </summary>
/// <remarks>They are linked by their places in the pool: a link by reference would be told to the garbage collector each time.</remarks>
internal sealed class RequestSpares(RequestPool pool, bool keepsAll)
{
    private const int None = -1;
    private Request?[] _known = new Request?[16];
    private int _first = None;

    /// <summary>Takes a request. The owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Request Take()
    {
        int first = _first;
        if (first < 0)
            return pool.Take(mayWait: false);
        Request request = _known[first]!;
        _first = request.NextSpare;
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
    public void Give(Request request)
    {
        if (!keepsAll && pool.Waiting != 0)
        {
            pool.Return(request);
            return;
        }

        int place = request.Index;
        Request?[] known = _known;
        if ((uint)place >= (uint)known.Length || known[place] != request)
            Know(request);
        request.NextSpare = _first;
        _first = place;
    }

    /// <summary>Takes back a request that was not used. The owner.</summary>
    public void Return(Request request)
    {
        if (keepsAll)
            Give(request);
        else
            pool.Return(request);
    }

    /// <summary>The callback has returned: what it left is everybody's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle()
    {
        if (!keepsAll && _first >= 0)
            ReturnAll();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Know(Request request)
    {
        if (request.Index >= _known.Length)
            Array.Resize(ref _known, Math.Max(_known.Length * 2, request.Index + 1));
        _known[request.Index] = request;
    }

    private void ReturnAll()
    {
        while (_first >= 0)
            pool.Return(Take());
    }
}
