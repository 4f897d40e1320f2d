"""Every address of the desk, in the order of the chain."""

from __future__ import annotations

from flask import Blueprint, Flask

from web.pages.desk import (
    agreement_acts,
    agreements,
    direct_deals,
    form_downloads,
    imports,
    lot_acts,
    months,
    official_numbers,
    one_treatment,
    own_lots,
    parties,
    printing,
    procedure_acts,
    procedures,
    proposals,
    refused_loads,
    stock,
    stored_loads,
    targets,
    tickets,
    traces,
    transfer_acts,
    transfer_drafts,
    transfers,
    treatments,
)
from web.pages.desk.frame import desk_frame

SHOWN = (
    ("/desk", "home", parties.show_home),
    ("/acting", "acting", parties.show_acting),
    ("/desk/outputs", "lots", own_lots.show_lots),
    ("/desk/outputs/new", "new_lot", lot_acts.show_new_lot),
    ("/desk/outputs/codes", "waste_codes", lot_acts.show_codes),
    ("/desk/outputs/<public_id>", "lot", own_lots.show_lot),
    ("/desk/outputs/<public_id>/terms", "changed_lot", lot_acts.show_changed_lot),
    ("/proposals", "proposals", proposals.show_proposals),
    ("/proposals/<public_id>", "proposal", proposals.show_proposal),
    ("/agreements", "agreements", agreements.show_agreements),
    ("/agreements/new", "new_agreement", direct_deals.show_new_agreement),
    ("/agreements/<public_id>", "agreement", agreements.show_agreement),
    ("/agreements/<public_id>/transfers/new", "new_transfer", transfer_drafts.show_new_transfer),
    ("/procedures", "procedures", procedures.show_procedures),
    ("/procedures/<public_id>", "procedure", procedures.show_procedure),
    ("/procedures/<public_id>/form.xlsx", "procedure_form", procedures.download_form),
    ("/procedures/<public_id>/print", "print_procedure", procedures.print_form),
    ("/proposals/<public_id>/forms/<kind>.xlsx", "proposed_form", procedures.download_proposed_form),
    ("/proposals/<public_id>/forms/<kind>", "print_proposed_form", procedures.print_proposed_form),
    ("/transfers", "transfers", transfers.show_transfers),
    ("/transfers/overdue", "overdue", transfers.show_overdue),
    ("/transfers/differences", "differences", transfers.show_differences),
    ("/transfers/official-numbers", "official_numbers", official_numbers.show_official_numbers),
    ("/transfers/official-numbers.csv", "number_list", official_numbers.download_list),
    ("/transfers/stored", "stored", stored_loads.show_stored),
    ("/transfers/<public_id>", "transfer", transfers.show_transfer),
    ("/transfers/<public_id>/onward", "refused_load", refused_loads.show_refused_load),
    ("/transfers/<public_id>/grouping", "grouping", stored_loads.show_grouping),
    ("/transfers/<public_id>/print", "print", printing.show_print),
    ("/transfers/<public_id>/code.svg", "code", printing.show_code),
    ("/transfers/<public_id>/weighings", "tickets", tickets.show_tickets),
    ("/months", "months", months.show_months),
    ("/months/new", "new_month", months.show_new_month),
    ("/months/forms.xlsx", "download_forms", form_downloads.download_forms),
    ("/months/stock", "stock", stock.show_stock),
    ("/months/not-closed", "non_reporters", months.show_non_reporters),
    ("/months/<public_id>", "month", months.show_month),
    ("/imports", "imports", imports.show_imports),
    ("/imports/<public_id>", "one_import", imports.show_import),
    ("/treatments", "treatments", treatments.show_treatments),
    ("/targets", "targets", targets.show_targets),
    ("/readings", "readings", traces.show_readings),
    ("/acts", "acts", traces.show_acts),
    ("/treatments/<public_id>", "treatment", one_treatment.show_treatment),
)

DONE = (
    ("/acting", "choose_acting", parties.choose_acting),
    ("/desk/outputs/new", "post_lot", lot_acts.post_lot),
    ("/desk/outputs/<public_id>/terms", "change_lot", lot_acts.change_lot),
    ("/desk/outputs/<public_id>/withdrawal", "withdraw_lot", own_lots.withdraw_lot),
    ("/proposals/<public_id>/acceptance", "accept_proposal", proposals.accept_proposal),
    ("/proposals/<public_id>/counter", "counter_proposal", proposals.counter_proposal),
    ("/proposals/<public_id>/refusal", "refuse_proposal", proposals.refuse_proposal),
    ("/agreements/new", "make_agreement", direct_deals.make_agreement),
    ("/agreements/<public_id>/acts/<act>", "answer_agreement", agreement_acts.answer_agreement),
    ("/agreements/<public_id>/procedures", "add_procedure", agreement_acts.add_procedure),
    ("/agreements/<public_id>/grants", "add_grant", agreement_acts.add_grant),
    ("/agreements/<public_id>/drafts", "begin_procedure", procedure_acts.begin),
    ("/procedures/<public_id>/acts/<act>", "act_on_procedure", procedure_acts.act),
    ("/agreements/<public_id>/transfers/new", "draft", transfer_drafts.draft),
    ("/transfers/official-numbers", "upload_official_numbers", official_numbers.upload_official_numbers),
    ("/transfers/<public_id>/acts/<act>", "act_on_transfer", transfer_acts.act_on_transfer),
    ("/transfers/<public_id>/onward", "send_on", refused_loads.send_on),
    ("/transfers/<public_id>/grouping", "group", stored_loads.group),
    ("/transfers/<public_id>/grouping/clearing", "clear_grouping", stored_loads.clear_grouping),
    ("/transfers/<public_id>/weighings", "upload_tickets", tickets.upload_tickets),
    ("/transfers/<public_id>/readings", "type_reading", tickets.type_reading),
    ("/months/new", "write_month", months.write),
    ("/months/forms", "upload_forms", stock.upload_forms),
    ("/months/surveys", "survey", stock.survey),
    ("/months/<public_id>/acts/<act>", "act_on_month", months.act_on_month),
    ("/imports/<public_id>/cancellation", "cancel_import", imports.cancel_import),
    ("/treatments", "treat", treatments.treat),
    ("/targets", "put_target", targets.put_target),
    ("/targets/<public_id>/withdrawal", "withdraw_target", targets.take_back),
    ("/treatments/<public_id>/opening", "open_treatment", one_treatment.open_treatment),
)


def register_desk(app: Flask) -> None:
    """Register the desk and what its templates may call."""
    desk = Blueprint("desk", __name__)
    desk.url_value_preprocessor(imports.let_files_in)
    for address, name, view in SHOWN:
        desk.add_url_rule(address, name, view)
    for address, name, act in DONE:
        desk.add_url_rule(address, name, act, methods=["POST"])
    app.register_blueprint(desk)
    app.context_processor(desk_frame)
