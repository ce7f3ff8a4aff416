#pragma once
// Routes of network operations.
//
//     GET    /api/v1/outages              ?state= &object= &since= &until=    Page<Outage>, newest first
//     GET    /api/v1/outages/{id}                                            Outage
//     GET    /api/v1/maintenance          ?state= &since= &until=            Page<Window>, by begin
//     POST   /api/v1/maintenance          Window → Window (201), operate
//     GET    /api/v1/maintenance/{id}                                        Window, ETag; with report when over
//     PUT    /api/v1/maintenance/{id}     Window, If-Match, operate
//     DELETE /api/v1/maintenance/{id}     If-Match, operate: cancels it
//     POST   /api/v1/maintenance/{id}/end operate: it is over before its time
//     GET    /api/v1/maintenance.ics      iCalendar of what is to come
//     GET    /api/v1/availability         ?by=link|site|organisation &period=2026-11|2026   Page<Availability>
//     GET    /api/v1/availability.csv     the same as CSV
//     GET    /api/v1/on-call              ?at= &rota=                        Page<Shift>: who is on call now
//     GET    /api/v1/on-call/shifts       ?rota= &since= &until=             Page<Shift>
//     GET    /api/v1/on-call/rotas        Page<Rota>;  POST Rota (201), operate
//     GET    /api/v1/on-call/rotas/{id}   Rota, ETag;  PUT, DELETE with If-Match, operate
//     GET    /api/v1/on-call/overrides    ?rota=  Page<Override>;  POST Override (201), operate
//     DELETE /api/v1/on-call/overrides/{id}  operate
//     GET    /api/v1/on-call/feeds        Page<Feed> of the caller;  POST Feed → Feed with its address (201)
//     DELETE /api/v1/on-call/feeds/{id}
//     GET    /api/v1/on-call.ics          ?token=                            iCalendar (RFC 5545)

#include "desk/operations/model.h"
#include "platform/api.h"

namespace quipu::operations {

struct Rooms;
void add_outage_routes(platform::Api& api, Rooms& rooms);  ///< outages and availability
void add_maintenance_routes(platform::Api& api, Rooms& rooms);
void add_on_call_routes(platform::Api& api, Rooms& rooms);

}  // namespace quipu::operations
