using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Handles;

/// <summary>The client of dm-io's own calls, which name none: it lives from the first dm_io_get to the last dm_io_put.</summary>
internal static class DefaultClient
{
    private static readonly Lock Change = new();
    private static readonly List<(uint Pages, PageReservation Reservation)> Reservations = [];

    /// <summary>Clients that did not end within the limit, each with the pages of its last put: the same put ends it.</summary>
    private static readonly List<(uint Pages, NativeClient Client)> Unended = [];

    private static volatile NativeClient? _current;

    /// <summary>The client.</summary>
    /// <exception cref="NativeException">EBADF: there is none.</exception>
    public static NativeClient Current => _current ?? throw new NativeException(Errno.EBADF, "No client is open: call dm_io_get first.");

    /// <summary>Reserves pages, and makes the client where there is none.</summary>
    public static void Get(uint pages)
    {
        if (pages == 0)
            throw new NativeException(Errno.EINVAL, "dm_io_get of 0 pages: give it 1 at least.");
        lock (Change)
        {
            NativeClient client = _current ?? new NativeClient(default);
            try
            {
                Reservations.Add((pages, client.Client.Reserve(pages)));
                _current = client;
            }
            finally
            {
                if (_current is null)
                    client.Client.Dispose();
            }
        }
    }

    /// <summary>Gives pages back, and ends the client with the last.</summary>
    public static void Put(uint pages)
    {
        NativeClient? last = null;
        PageReservation? reservation = null;
        lock (Change)
        {
            int index = Reservations.FindIndex(one => one.Pages == pages);
            int unended = index < 0 ? Unended.FindIndex(one => one.Pages == pages) : -1;
            if (index >= 0)
            {
                reservation = Reservations[index].Reservation;
                Reservations.RemoveAt(index);
                if (Reservations.Count == 0)
                {
                    last = _current;
                    _current = null;
                }
            }
            else if (unended >= 0)
            {
                last = Unended[unended].Client;
                Unended.RemoveAt(unended);
            }
            else
            {
                throw new NativeException(Errno.EINVAL, $"dm_io_put of {pages} pages without a dm_io_get of {pages}.");
            }
        }

        // Both may wait for callbacks, which may call dm_io_get.
        if (last is null)
        {
            reservation!.Dispose();
            return;
        }

        try
        {
            last.Close();
        }
        catch
        {
            lock (Change)
                Unended.Add((pages, last));
            throw;
        }
    }
}
